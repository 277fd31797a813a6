#:property DefineConstants=ONLY
#:property ImplicitUsings=disable
#:property Nullable=disable
#:property CheckForOverflowUnderflow=true
string s = null;
System.Console.WriteLine(s == null);
#if ONLY && !TRACE && NET8_0_OR_GREATER
System.Console.WriteLine("only");
#endif
try {
	int most = int.MaxValue;
	System.Console.WriteLine(most + s?.Length ?? most + 1);
} catch (System.OverflowException e) {
	System.Console.WriteLine(e.GetType());
}
Console.WriteLine("no such name without the usings");
