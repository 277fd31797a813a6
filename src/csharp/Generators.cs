// Generators.cs - the framework's own source generators and analyzers
//
// The code for [GeneratedRegex], JsonSerializerContext, [LibraryImport] and the like is written by
// generators that come with a framework's reference assemblies and run in every build. They are
// the SDK's code, so they run here too; a package's generators are untrusted code and never run here.
// They are loaded for the first program that may need one, because most need none: FRAMEWORK.generators
// lists them as csc's options.
using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.Loader;
using System.Threading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;

sealed class Generators
{
	/// <summary>Parts of the names of the attributes that the generators work on, and escapes, with which any
	/// name can be written.</summary>
	static readonly string[] attributes = { "GeneratedRegex", "JsonSerializable", "LibraryImport", "GeneratedCom", "JSImport", "JSExport", "\\u", "\\U" };

	static readonly Dictionary<string, Generators> known = new(StringComparer.Ordinal);

	readonly ISourceGenerator[] generators;
	readonly ImmutableArray<DiagnosticAnalyzer> analyzers;

	public static bool MayBeNeeded(string text) => attributes.Any(a => text.Contains(a, StringComparison.Ordinal));

	public static Generators Of(string framework)
	{
		if (!known.TryGetValue(framework, out var found))
			known[framework] = found = new Generators(framework + ".generators");
		return found;
	}

	Generators(string list)
	{
		var loader = new Loader();
		var references = Paths(list).Select(p => new AnalyzerFileReference(p, loader)).ToArray();

		foreach (var r in references)
			loader.AddDependencyLocation(r.FullPath);
		generators = references.SelectMany(r => r.GetGenerators(LanguageNames.CSharp)).ToArray();
		analyzers = references.SelectMany(r => r.GetAnalyzers(LanguageNames.CSharp)).ToImmutableArray();
	}

	static IEnumerable<string> Paths(string list) => !File.Exists(list) ? Array.Empty<string>()
		: File.ReadAllLines(list).Where(l => l.Contains("analyzer:")).Select(l => l.Substring(l.IndexOf(':') + 1));

	/// <summary>The compilation with the generated code; the generators' diagnostics go into the report.</summary>
	public CSharpCompilation Run(CSharpCompilation compilation, CSharpParseOptions options, Report report)
	{
		CSharpGeneratorDriver.Create(generators, parseOptions: options,	// the folder is part of the names that are generated
				driverOptions: new GeneratorDriverOptions(IncrementalGeneratorOutputKind.None, false, Job.Folder.TrimEnd('/')))
			.RunGeneratorsAndUpdateCompilation(compilation, out var with, out var diagnostics);
		report.Add(diagnostics);
		return (CSharpCompilation)with;
	}

	/// <summary>The findings of the analyzers, which report misused generators.</summary>
	public void Analyze(CSharpCompilation compilation, Report report)
	{
		if (analyzers.IsEmpty)
			return;
		report.Add(compilation.WithAnalyzers(analyzers, new CompilationWithAnalyzersOptions(
				new AnalyzerOptions(ImmutableArray<AdditionalText>.Empty), null, concurrentAnalysis: false, logAnalyzerExecutionTime: false))
			.GetAnalyzerDiagnosticsAsync(CancellationToken.None).GetAwaiter().GetResult()
			.Where(d => d.Severity >= DiagnosticSeverity.Warning)
			.OrderBy(d => d.Location.SourceTree?.FilePath, StringComparer.Ordinal).ThenBy(d => d.Location.SourceSpan.Start));
	}

	/// <summary>One for each framework: the frameworks have assemblies of the same names in different versions.</summary>
	sealed class Loader : AssemblyLoadContext, IAnalyzerAssemblyLoader
	{
		readonly Dictionary<string, string> paths = new(StringComparer.OrdinalIgnoreCase);

		public void AddDependencyLocation(string path) => paths[Path.GetFileNameWithoutExtension(path)] = path;
		Assembly IAnalyzerAssemblyLoader.LoadFromPath(string path) => LoadFromAssemblyPath(path);
		protected override Assembly? Load(AssemblyName name) =>
			name.Name is { } n && paths.TryGetValue(n, out var path) ? LoadFromAssemblyPath(path) : null;
	}
}
