// Compiler.cs - a C# compiler that stays: reads jobs, answers with programs
//
// It is csc for one job after another, without a compiler's start: the same assemblies
// (Microsoft.CodeAnalysis of the SDK), the same options, the same diagnostics. The
// protocol is src/wire/resident.h's. Its arguments are csc's options, those that it warms
// itself up with: until a compiler has compiled something it is slow. It says READY then,
// and goes on with the options of the other frameworks while there is no job.
//
// `compiler.dll plain` is one compile instead, in the job's own box (Plain.cs).
//
// Rules: nothing that a user sent is an option or a path, but for the properties in its
// files that Settings.cs knows the shape of. A source that the options do not name comes
// from the job, never from the disk. No code of a job or a package is run here: of
// analyzers and generators only the framework's own. What cannot be done here as `dotnet
// build` would do it is TROUBLE, and the runner has it done the plain way.
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
		Console.SetOut(TextWriter.Null);	// standard output is the protocol's
		frames = new Frames(Console.OpenStandardInput(), output);
		WarmUp.Run(options);
		GC.Collect();
		frames.Ready("Roslyn " + typeof(CSharpCompilation).Assembly.GetName().Version);
		while (Next(WarmUp.Others(options)) is { } job)
			Serve(job);
		return 0;
	}

	const int IdleMs = 300;

	/// <summary>Waits for a job, and where none comes uses the time for the other frameworks.</summary>
	static Job? Next(Queue<string[]> others)
	{
		var job = Task.Run(() => Job.Read(frames));

		while (others.Count > 0 && !job.Wait(IdleMs))
			WarmUp.Little(others.Dequeue());
		return job.Result;
	}

	static void Serve(Job job)
	{
		using var meter = new Meter(job, CutShort);

		try {
			var done = Compile(job);
			meter.Stop();
			Answer(job, meter, done);
			Rest();
		} catch (OutOfMemoryException) {
			CutShort(job, meter, How.MemoryLimit);
		} catch (Exception e) {
			frames.Trouble(e.GetType().Name + ": " + e.Message);
		}
	}

	/// <summary>A large compile's garbage would count against the next one's memory.</summary>
	static void Rest()
	{
		if (Environment.WorkingSet > 256 << 20)
			GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive);
	}

	internal sealed record Compiled(string Words, bool Failed, IEnumerable<KeyValuePair<string, byte[]>> Products);

	/// <summary>What belongs to the job is a source, the rest are options of the language file.</summary>
	internal static Compiled Compile(Job job)
	{
		var names = job.Arguments.Where(a => job.Files.ContainsKey(Job.Full(a))).ToList();
		var settings = new Settings(job.Arguments.Except(names).ToArray(), names.Count > 0 ? Job.Short(names[0]) : "",
			names.Count > 0 ? job.Files[Job.Full(names[0])] : Array.Empty<byte>());

		if (settings.Wrong is { } wrong)
			return new Compiled(wrong + "\n", true, Array.Empty<KeyValuePair<string, byte[]>>());
		if (settings.Beyond is { } beyond)
			throw new NotSupportedException($"{beyond}: built as a project");
		return Compile(settings, Target.Of(settings.Options), names.Select(Job.Full).Distinct().Select(p => KeyValuePair.Create(p, job.Files[p])));
	}

	static Compiled Compile(Settings settings, Target target, IEnumerable<KeyValuePair<string, byte[]>> sources)
	{
		var compilation = target.With(sources);
		var generators = compilation.SyntaxTrees.Any(t => Generators.Wanted(t.ToString())) ? Generators.Of(settings.Framework) : null;
		var report = new Report();
		var products = new List<KeyValuePair<string, byte[]>>();

		// csc's order: what does not parse is not bound, what is not declared is not emitted
		report.Add(compilation.GetParseDiagnostics());
		if (!report.Stopped) {
			compilation = generators?.Run(compilation, target.Options.ParseOptions, report) ?? compilation;
			report.Add(compilation.GetDeclarationDiagnostics());
		}
		if (!report.Stopped) {
			report.Add(Emit(target, compilation, products));
			generators?.Analyze(compilation, report);
		}
		if (report.SigningFailed)
			throw new NotSupportedException("a key file is on csc's disk, not on this one's");
		return new Compiled(report.Text, report.Errors, products.Concat(settings.Companions()));
	}

	static IEnumerable<Diagnostic> Emit(Target target, CSharpCompilation compilation, List<KeyValuePair<string, byte[]>> products)
	{
		string name = target.Options.OutputFileName!, symbols = Path.ChangeExtension(name, ".pdb");
		var options = target.Options.EmitOptions.WithOutputNameOverride(name).WithPdbFilePath(Job.Folder + symbols);
		using var resources = compilation.CreateDefaultWin32Resources(true, target.Options.NoWin32Manifest, null, null);
		using MemoryStream program = new(), pdb = new();
		var said = compilation.Emit(program, target.Options.EmitPdb ? pdb : null, win32Resources: resources, options: options).Diagnostics;

		products.Add(KeyValuePair.Create(name, program.ToArray()));
		if (target.Options.EmitPdb)
			products.Add(KeyValuePair.Create(symbols, pdb.ToArray()));
		return said;
	}

	/// <summary>Words beyond the limit: the first three quarters and the last one are kept, as cee-init does.</summary>
	static long Words(Job job, ReadOnlySpan<byte> text)
	{
		long limit = job.OutputLimit, tail = Math.Min(limit / 4, 8 << 20), gap = text.Length - limit;

		if (limit == 0 || gap <= 0) {
			frames.Words(text);
			return 0;
		}
		frames.Words(text.Slice(0, (int)(limit - tail)));
		frames.Gap(gap);
		frames.Words(text.Slice((int)(text.Length - tail)));
		return gap;
	}

	static void Answer(Job job, Meter meter, Compiled done)
	{
		var words = Encoding.UTF8.GetBytes(done.Words);
		long dropped = Words(job, words);

		if (!done.Failed)
			foreach (var p in done.Products)
				frames.Product(p.Key, p.Value);
		frames.End(meter.Fields(job, How.Exited, done.Failed ? 1 : 0, words.Length, dropped));
	}

	static int cut;

	/// <summary>Over a limit: said, and the end of this process, which cannot stop a compile in its midst.</summary>
	static void CutShort(Job job, Meter meter, How how)
	{
		if (Interlocked.Exchange(ref cut, 1) != 0)
			Thread.Sleep(Timeout.Infinite);
		frames.End(meter.Fields(job, how, 9, 0, 0));
		Environment.Exit(0);
	}
}
