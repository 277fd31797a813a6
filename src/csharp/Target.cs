// Target.cs - a set of csc's options with what was loaded for them, kept from one compile to the next
//
// The options come only from the language file and are read by csc's own parser, so they mean here
// what they mean to `dotnet csc.dll`. References, the sources that belong to the options (implicit
// usings) and bound symbols of the framework are kept: a compile only adds a user's files to such a
// compilation.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Text;

sealed class Target
{
	const int Most = 24;

	static readonly Dictionary<string, Target> known = new(StringComparer.Ordinal);
	static readonly Dictionary<string, MetadataReference> references = new(StringComparer.Ordinal);

	public readonly CSharpCommandLineArguments Options;
	readonly CSharpCompilation compilation;

	public static Target Of(IReadOnlyList<string> options)
	{
		string key = string.Join('\0', options);

		if (known.TryGetValue(key, out var target))
			return target;
		if (known.Count >= Most) {	// properties and packages add more and more; those of the language file are made again when needed
			known.Clear();
			references.Clear();
		}
		return known[key] = new Target(options);
	}

	Target(IReadOnlyList<string> options)
	{
		Options = CSharpCommandLineParser.Default.Parse(options, Job.Folder, sdkDirectory: null);
		// CS2008, no source files, is a warning here: a job adds its sources later
		foreach (var error in Options.Errors.Where(e => e.Severity == DiagnosticSeverity.Error))
			throw new InvalidDataException(error.ToString());
		compilation = CSharpCompilation.Create(Options.CompilationName,
			Options.SourceFiles.Select(f => Parse(f.Path, File.ReadAllBytes(f.Path))),
			Options.MetadataReferences.Select(Reference), Options.CompilationOptions
				.WithAssemblyIdentityComparer(DesktopAssemblyIdentityComparer.Default));
	}

	static MetadataReference Reference(CommandLineReference r)
	{
		if (!references.TryGetValue(r.Reference, out var reference))
			references[r.Reference] = reference = MetadataReference.CreateFromFile(r.Reference, r.Properties);
		return reference;
	}

	static readonly Encoding strict = new UTF8Encoding(true, true);

	/// <summary>Text as csc reads it: by its byte order mark, else as UTF-8, else in the system's encoding.</summary>
	SourceText Text(byte[] content)
	{
		try {
			return SourceText.From(content, content.Length, strict, Options.ChecksumAlgorithm);
		} catch (DecoderFallbackException) {
			return SourceText.From(content, content.Length, Encoding.GetEncoding(0), Options.ChecksumAlgorithm);
		}
	}

	SyntaxTree Parse(string path, byte[] content) =>
		CSharpSyntaxTree.ParseText(Text(content), Options.ParseOptions, path);

	public CSharpCompilation With(IEnumerable<KeyValuePair<string, byte[]>> sources) =>
		compilation.AddSyntaxTrees(sources.Select(s => Parse(s.Key, s.Value)).ToArray());
}
