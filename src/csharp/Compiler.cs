// Compiler.cs - a resident C# compiler: reads jobs, answers with programs
//
// It does what csc does, for one job after another, without a compiler's start-up time: the same
// assemblies (Microsoft.CodeAnalysis of the SDK), the same options, the same diagnostics. It speaks the
// protocol of src/wire/resident.h. Its arguments are csc's options for the compiles that it warms itself
// up with: until a compiler has compiled something it is slow. Then it sends READY, and warms up
// with the options of the other frameworks while there is no job.
//
// `compiler.dll plain` is one compile in the job's own box instead (Plain.cs).
//
// Rules: nothing that a user sent is an option or a path, except the properties in its files whose
// form Settings.cs checks. A source that the options do not name comes from the job, never from the
// disk. No code of a job or a package runs here: of analyzers and generators only the framework's own.
// What cannot be compiled here as `dotnet build` would compile it is answered with TROUBLE; the runner
// then compiles it in the job's own box.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

static class Compiler
{
	static Frames frames = null!;

	static int Main(string[] options)
	{
		if (options.FirstOrDefault() == "plain")
			return Plain.Run(options.Skip(1).ToArray());

		var output = Console.OpenStandardOutput();
		Console.SetOut(TextWriter.Null);	// standard output carries frames
		frames = new Frames(Console.OpenStandardInput(), output);
		WarmUp.Run(options);
		GC.Collect();
		frames.Ready("Roslyn " + typeof(CSharpCompilation).Assembly.GetName().Version);
		while (Next(WarmUp.OtherFrameworks(options)) is { } job)
			Serve(job);
		return 0;
	}

	const int IdleMs = 300;

	/// <summary>Waits for a job, and warms up for other frameworks until one arrives.</summary>
	static Job? Next(Queue<string[]> frameworks)
	{
		var job = Task.Run(() => Job.Read(frames));

		while (frameworks.Count > 0 && !job.Wait(IdleMs))
			WarmUp.CompileTiny(frameworks.Dequeue());
		return job.Result;
	}

	static void Serve(Job job)
	{
		using var meter = new Meter(job, EndOverLimit);

		try {
			var done = Compile(job);
			meter.Stop();
			Answer(job, meter, done);
			FreeMemory();
		} catch (OutOfMemoryException) {
			EndOverLimit(job, meter, How.MemoryLimit);
		} catch (Exception e) {
			frames.Trouble(e.GetType().Name + ": " + e.Message);
		}
	}

	/// <summary>The garbage of a large compile would count as memory of the next one.</summary>
	static void FreeMemory()
	{
		if (Environment.WorkingSet > 256 << 20)
			GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive);
	}

	internal sealed record Compiled(string Diagnostics, bool Failed, IEnumerable<KeyValuePair<string, byte[]>> OutputFiles);

	/// <summary>Arguments that name a file of the job are sources, the others are options of the language file.</summary>
	internal static Compiled Compile(Job job)
	{
		var names = job.Arguments.Where(a => job.Files.ContainsKey(Job.Full(a))).ToList();
		var settings = new Settings(job.Arguments.Except(names).ToArray(), names.Count > 0 ? Job.Short(names[0]) : "",
			names.Count > 0 ? job.Files[Job.Full(names[0])] : Array.Empty<byte>());

		if (settings.Error is { } error)
			return new Compiled(error + "\n", true, Array.Empty<KeyValuePair<string, byte[]>>());
		if (settings.NeedsProject is { } reason)
			throw new NotSupportedException($"{reason}: built as a project");
		return Compile(settings, Target.Of(settings.Options), names.Select(Job.Full).Distinct().Select(p => KeyValuePair.Create(p, job.Files[p])));
	}

	static Compiled Compile(Settings settings, Target target, IEnumerable<KeyValuePair<string, byte[]>> sources)
	{
		var compilation = target.With(sources);
		var generators = compilation.SyntaxTrees.Any(t => Generators.MayBeNeeded(t.ToString())) ? Generators.Of(settings.Framework) : null;
		var report = new Report();
		var files = new List<KeyValuePair<string, byte[]>>();

		// csc's order: after errors of syntax no names are bound, after errors in declarations nothing is emitted
		report.Add(compilation.GetParseDiagnostics());
		if (!report.Stopped) {
			compilation = generators?.Run(compilation, target.Options.ParseOptions, report) ?? compilation;
			report.Add(compilation.GetDeclarationDiagnostics());
		}
		if (!report.Stopped) {
			report.Add(Emit(target, compilation, files));
			generators?.Analyze(compilation, report);
		}
		if (report.SigningFailed)
			throw new NotSupportedException("signing with a key file: only the job's own box has it");
		return new Compiled(report.Text, report.Errors, files.Concat(settings.Companions()));
	}

	static IEnumerable<Diagnostic> Emit(Target target, CSharpCompilation compilation, List<KeyValuePair<string, byte[]>> files)
	{
		string name = target.Options.OutputFileName!, symbols = Path.ChangeExtension(name, ".pdb");
		var options = target.Options.EmitOptions.WithOutputNameOverride(name).WithPdbFilePath(Job.Folder + symbols);
		using var resources = compilation.CreateDefaultWin32Resources(true, target.Options.NoWin32Manifest, null, null);
		using MemoryStream program = new(), pdb = new();
		var diagnostics = compilation.Emit(program, target.Options.EmitPdb ? pdb : null, win32Resources: resources, options: options).Diagnostics;

		files.Add(KeyValuePair.Create(name, program.ToArray()));
		if (target.Options.EmitPdb)
			files.Add(KeyValuePair.Create(symbols, pdb.ToArray()));
		return diagnostics;
	}

	/// <summary>Sends the diagnostics; returns the bytes that were dropped. Beyond the limit the first three
	/// quarters and the last one are kept, as cee-init does.</summary>
	static long SendDiagnostics(Job job, ReadOnlySpan<byte> text)
	{
		long limit = job.OutputLimit, tail = Math.Min(limit / 4, 8 << 20), gap = text.Length - limit;

		if (limit < 0 || gap <= 0) {
			frames.Diagnostics(text);
			return 0;
		}
		frames.Diagnostics(text.Slice(0, (int)(limit - tail)));
		frames.Gap(gap);
		frames.Diagnostics(text.Slice((int)(text.Length - tail)));
		return gap;
	}

	static void Answer(Job job, Meter meter, Compiled done)
	{
		var text = Encoding.UTF8.GetBytes(done.Diagnostics);
		long dropped = SendDiagnostics(job, text);

		if (!done.Failed)
			foreach (var p in done.OutputFiles)
				frames.OutputFile(p.Key, p.Value);
		frames.End(meter.End(job, How.Exited, done.Failed ? 1 : 0, text.Length, dropped));
	}

	static int ending;

	/// <summary>A compile exceeded a limit. It cannot be stopped by itself: reports the end, and ends this process.</summary>
	static void EndOverLimit(Job job, Meter meter, How how)
	{
		if (Interlocked.Exchange(ref ending, 1) != 0)
			Thread.Sleep(Timeout.Infinite);
		frames.End(meter.End(job, how, 9, 0, 0));
		Environment.Exit(0);
	}
}
