using System.Runtime.InteropServices;

Console.WriteLine(Native.abs(-3));

static partial class Native
{
	[LibraryImport("libc")]
	public static partial int abs(int n);
}
