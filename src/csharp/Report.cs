// Report.cs - diagnostics, in csc's order, selection and wording
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

sealed class Report
{
	readonly HashSet<Diagnostic> reported = new();
	readonly StringBuilder text = new();

	public bool Errors { get; private set; }
	/// <summary>An error ends the compile before its next stage: csc's IsUnsuppressableError.</summary>
	public bool Stopped { get; private set; }
	public bool SigningFailed { get; private set; }
	public string Text => text.ToString();

	/// <summary>Adds each diagnostic once, without hidden and suppressed ones.</summary>
	public void Add(IEnumerable<Diagnostic> diagnostics)
	{
		foreach (var d in diagnostics) {
			if (d.Severity == DiagnosticSeverity.Hidden || d.IsSuppressed || !reported.Add(d))
				continue;
			Errors |= d.Severity == DiagnosticSeverity.Error;
			Stopped |= d.DefaultSeverity == DiagnosticSeverity.Error && d.Descriptor.CustomTags.Contains(WellKnownDiagnosticTags.NotConfigurable);
			SigningFailed |= d.Id == "CS7027";
			text.Append(Line(d)).Append('\n');
		}
	}

	/// <summary>The formatter writes the path as the tree has it; csc writes it relative to the job's folder.</summary>
	static string Line(Diagnostic d)
	{
		string line = CSharpDiagnosticFormatter.Instance.Format(d, CultureInfo.InvariantCulture);

		if (d.Location.Kind is not (LocationKind.SourceFile or LocationKind.ExternalFile))
			return line;
		var span = d.Location.GetLineSpan();
		var mapped = d.Location.GetMappedLineSpan();
		string path = mapped.HasMappedPath ? mapped.Path : span.Path;
		return Short(path, mapped.HasMappedPath ? span.Path : null) + line.Substring(path.Length);
	}

	static string Short(string path, string? beside)
	{
		string full;

		if (path.Length == 0)
			return path;
		full = System.IO.Path.GetFullPath(path, beside is null ? Job.Folder : System.IO.Path.GetDirectoryName(beside)!);
		return full.StartsWith(Job.Folder, StringComparison.Ordinal) ? full.Substring(Job.Folder.Length) : full;
	}
}
