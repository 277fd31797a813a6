Console.WriteLine(new lower().ToString());
class lower { public static bool operator ==(lower a, lower b) => true; public static bool operator !=(lower a, lower b) => false; }
static class S { public static bool Is(object o) => o is S; }
