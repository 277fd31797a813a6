// Plain.cs - one compile in the job's own box, by the SDK's own programs
//
// `compiler.dll plain`, csc's options, and sources: for what the resident compiler cannot compile, or
// where there is none. It writes the files that stand beside the program, adds the properties in the
// source to the options, and replaces itself by `csc.dll`. What needs a project is built as one
// (Project.cs).
//
// It runs as the job, in the job's cell: a failure here is the job's own.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;

static class Plain
{
	const string Out = "-out:";

	public static int Run(string[] arguments)
	{
		var options = arguments.Where(IsOption).ToList();
		var sources = arguments.Where(a => !IsOption(a)).ToList();
		string output = options.LastOrDefault(o => o.StartsWith(Out, StringComparison.Ordinal))?.Substring(Out.Length) ?? "app.dll";
		string folder = Path.GetDirectoryName(Path.GetFullPath(output))!;

		if (sources.Count == 0)
			return Refuse("error CS2008: No source files specified.");
		var settings = new Settings(options, Short(sources[0]), Content(sources[0]));
		if (settings.Error is { } error)
			return Refuse(error);
		foreach (var c in settings.Companions())
			File.WriteAllBytes(Path.Combine(folder, c.Key), c.Value);
		if (settings.NeedsProject is not null)
			return Project.Build(settings, sources, folder);
		if (sources.Any(s => Generators.MayBeNeeded(System.Text.Encoding.UTF8.GetString(Content(s)))))
			settings.Options.Add($"@{settings.Framework}.generators");
		return Become(new[] { Path.Combine(AppContext.BaseDirectory, "roslyn/csc.dll") }.Concat(settings.Options).Concat(sources));
	}

	/// <summary>The name of a source never begins like this: the runner writes ./-name.cs.</summary>
	static bool IsOption(string argument) => argument.StartsWith('-') || argument.StartsWith('@');

	static string Short(string source) => source.StartsWith("./", StringComparison.Ordinal) ? source.Substring(2) : source;

	static byte[] Content(string source)
	{
		try {
			return File.ReadAllBytes(source);
		} catch (IOException) {
			return Array.Empty<byte>();	// csc reports it
		}
	}

	static int Refuse(string why)
	{
		Console.WriteLine(why);
		return 1;
	}

	/// <summary>Replaces this process by dotnet with these arguments.</summary>
	static int Become(IEnumerable<string> arguments)
	{
		string dotnet = Environment.ProcessPath!;
		var environment = Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>().Select(e => $"{e.Key}={e.Value}");

		execve(dotnet, arguments.Prepend(dotnet).Append(null).ToArray(), environment.Append(null!).ToArray());
		Console.Error.WriteLine($"{dotnet}: {Marshal.GetLastPInvokeErrorMessage()}");
		return 71;	// EX_OSERR
	}

	[DllImport("libc", SetLastError = true)]
	static extern int execve(
		[MarshalAs(UnmanagedType.LPStr)] string path,	// UTF-8 on this system
		[MarshalAs(UnmanagedType.LPArray, ArraySubType = UnmanagedType.LPStr)] string?[] arguments,
		[MarshalAs(UnmanagedType.LPArray, ArraySubType = UnmanagedType.LPStr)] string?[] environment);
}
