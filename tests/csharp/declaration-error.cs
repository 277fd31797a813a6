Console.WriteLine(new A().ToString() + undefined);
class A : B, IComparable<A> { void M() { } void M() { } int x; string x; }
class A { }
interface I { int P { get; } }
class C : I { }
