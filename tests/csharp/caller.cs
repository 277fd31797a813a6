using System.Runtime.CompilerServices;

Tell();
static void Tell([CallerFilePath] string path = "", [CallerLineNumber] int line = 0, [CallerMemberName] string? who = null) =>
	Console.WriteLine($"{path} {line} {who}");
