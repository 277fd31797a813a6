#:property AllowUnsafeBlocks=true
using System.Runtime.InteropServices;

Console.WriteLine(Native.strlen("seven ü") + " " + Native.abs(-3));

static partial class Native
{
	[LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
	public static partial nint strlen(string s);

	[LibraryImport("libc")]
	public static partial int abs(int n);
}
