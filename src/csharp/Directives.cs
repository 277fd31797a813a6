// Directives.cs - the #: lines at the head of a C# file
//
// The SDK treats a single file as a project whose settings stand in the file: #:property
// Name=Value, #:package Name@Version, #:sdk Name. Here they are only read: Settings.cs acts on the
// properties, and packages are resolved before anything is compiled. What the SDK refuses is refused with
// the same messages.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;

sealed class Directives
{
	public const string Sdk = "Microsoft.NET.Sdk";

	public readonly List<KeyValuePair<string, string>> Properties = new();
	/// <summary>The first invalid directive, as a compiler's error line; null when all are valid.</summary>
	public string? Error { get; private set; }

	readonly string name;

	Directives(string name) => this.name = name;

	public static Directives Of(string name, byte[] content)
	{
		var directives = new Directives(name);

		// most programs have none: then no line is parsed
		if (content.AsSpan().IndexOf("#:"u8) >= 0)
			directives.Read(new StringReader(Encoding.UTF8.GetString(content).TrimStart('\uFEFF')));
		return directives;
	}

	/// <summary>Directives stand before the first token, among comments and other lines that begin with #.</summary>
	void Read(TextReader text)
	{
		bool comment = false;
		int number = 0;

		while (Error is null && text.ReadLine() is { } line) {
			number++;
			line = comment || line.TrimStart().StartsWith("/*", StringComparison.Ordinal) ? After(line, ref comment) : line.Trim();
			if (line.StartsWith("#:", StringComparison.Ordinal))
				Take(line.Substring(2).Trim(), number);
			else if (line.Length > 0 && line[0] != '#' && !line.StartsWith("//", StringComparison.Ordinal))
				return;
		}
	}

	/// <summary>The rest of the line after the comment's end.</summary>
	static string After(string line, ref bool comment)
	{
		int end = line.IndexOf("*/", comment ? 0 : line.IndexOf("/*", StringComparison.Ordinal) + 2, StringComparison.Ordinal);

		comment = end < 0;
		return comment ? "" : line.Substring(end + 2).Trim();
	}

	void Take(string line, int number)
	{
		int end = line.AsSpan().IndexOfAny(' ', '\t');
		string kind = end < 0 ? line : line.Substring(0, end), value = end < 0 ? "" : line.Substring(end).Trim();

		switch (kind) {
		case "property":
			Property(value, number);
			break;
		case "package":
			break;
		case "sdk":
			if (value.Split('@')[0] != Sdk)
				Refuse(number, $"#:sdk {value} is not supported: programs are built with {Sdk}");
			break;
		case "project":
			Refuse(number, "#:project: a job has no other projects; add their files to the job");
			break;
		default:
			Refuse(number, $"Unrecognized directive '{kind}'.");
			break;
		}
	}

	void Property(string text, int number)
	{
		int equals = text.IndexOf('=');
		string key = equals < 0 ? text : text.Substring(0, equals).Trim();

		if (equals < 0)
			Refuse(number, "The property directive needs to have two parts separated by '=' like '#:property PropertyName=PropertyValue'.");
		else if (!IsName(key))
			Refuse(number, $"Invalid property name: '{key}'.");
		else
			Properties.Add(KeyValuePair.Create(key, text.Substring(equals + 1).Trim()));
	}

	static bool IsName(string key) => key.Length > 0 && !char.IsAsciiDigit(key[0]) && key[0] != '-' &&
		key.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');

	void Refuse(int number, string why) => Error = $"{name}({number}): error: {why}";
}
