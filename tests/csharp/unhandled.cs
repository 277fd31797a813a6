static int Parse(string s) => int.Parse(s);

Console.WriteLine("before");
try {
	Parse("1");
	Parse("x");
} catch (FormatException e) {
	throw new InvalidOperationException("wrapped", e);
} finally {
	Console.WriteLine("finally");
}
