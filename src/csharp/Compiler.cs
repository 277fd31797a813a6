// Compiler.cs - a C# compiler that stays: reads jobs, answers with programs
//
// It is csc for one job after another, without a compiler's start: the same assemblies
// (Microsoft.CodeAnalysis of the SDK), the same options, the same diagnostics. The
// protocol is src/resident.h's. Its arguments are csc's options, those that it warms
// itself up with: until a compiler has compiled something it is slow. It says READY then,
// and goes on with the options of the other frameworks while there is no job.
//
// Rules: nothing that a user sent is an option or a path. A source that the options do
// not name comes from the job, never from the disk. No code of a job is run here: no
// analyzers, no generators. What cannot be done here as csc would do it is TROUBLE, and
// the runner has it done the plain way.
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

	internal sealed record Compiled(string Words, bool Failed, MemoryStream Program);

	/// <summary>What belongs to the job is a source, the rest are options of the language file.</summary>
	internal static Compiled Compile(Job job)
	{
		var sources = job.Arguments.Where(a => job.Files.ContainsKey(Job.Full(a))).ToHashSet();
		var target = Target.Of(job.Arguments.Where(a => !sources.Contains(a)).ToArray());
		var compilation = target.With(sources.Select(a => Job.Full(a)).Distinct()
			.Select(p => KeyValuePair.Create(p, job.Files[p])));
		var report = new Report();
		var program = new MemoryStream();

		// csc's order: what does not parse is not bound, what is not declared is not emitted
		report.Add(compilation.GetParseDiagnostics());
		if (!report.Errors)
			report.Add(compilation.GetDeclarationDiagnostics());
		if (!report.Errors)
			report.Add(Emit(target, compilation, program));
		if (report.SigningFailed)
			throw new NotSupportedException("a key file is on csc's disk, not on this one's");
		return new Compiled(report.Text, report.Errors, program);
	}

	static IEnumerable<Diagnostic> Emit(Target target, CSharpCompilation compilation, MemoryStream program)
	{
		var options = target.Options.EmitOptions.WithOutputNameOverride(target.Options.OutputFileName!);
		using var resources = compilation.CreateDefaultWin32Resources(true, target.Options.NoWin32Manifest, null, null);

		return compilation.Emit(program, win32Resources: resources, options: options).Diagnostics;
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
			frames.Product("app.dll", done.Program.GetBuffer().AsSpan(0, (int)done.Program.Length));
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
