using System;
using System.Threading.Tasks;

static class Program
{
	static async Task<int> Main()
	{
#if NETCOREAPP3_1
		Console.WriteLine("NETCOREAPP3_1");
#endif
#if NET5_0_OR_GREATER
		Console.WriteLine("5 or greater");
#endif
		await Task.Yield();
		Console.WriteLine(AppContext.TargetFrameworkName);
		using var text = new System.IO.StringReader("a switch");
		return text.ReadLine() switch { "a switch" => 8, _ => 1 };
	}
}
