// Directives.cs - the #: lines at the head of a C# file
//
// The SDK takes a single file for a project whose settings stand in it: #:property
// Name=Value, #:package Name@Version, #:sdk Name. Here they are only read; what a property
// asks for is Settings.cs's, packages are there before anything is compiled. What the SDK
// refuses is refused in its words.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;

sealed class Directives
{
	public const string Sdk = "Microsoft.NET.Sdk";

	public readonly List<KeyValuePair<string, string>> Properties = new();
	/// <summary>What is wrong with them, as a compiler's line; null when nothing is.</summary>
	public string? Wrong { get; private set; }

	readonly string name;

	Directives(string name) => this.name = name;

	public static Directives Of(string name, byte[] content)
	{
		var directives = new Directives(name);

		// most programs have none: not a line is looked at
		if (content.AsSpan().IndexOf("#:"u8) >= 0)
			directives.Read(new StringReader(Encoding.UTF8.GetString(content).TrimStart('\uFEFF')));
		return directives;
	}

	/// <summary>They stand before the first token, among comments and the other lines that begin with #.</summary>
	void Read(TextReader text)
	{
		bool comment = false;
		int number = 0;

		while (Wrong is null && text.ReadLine() is { } line) {
			number++;
			line = comment || line.TrimStart().StartsWith("/*", StringComparison.Ordinal) ? After(line, ref comment) : line.Trim();
			if (line.StartsWith("#:", StringComparison.Ordinal))
				Take(line.Substring(2).Trim(), number);
			else if (line.Length > 0 && line[0] != '#' && !line.StartsWith("//", StringComparison.Ordinal))
				return;
		}
	}

	/// <summary>What stands behind the comment's end.</summary>
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
				Refuse(number, $"#:sdk {value} is not to be had here: programs are built with {Sdk}");
			break;
		case "project":
			Refuse(number, "#:project: a job has no other projects; give their files as files of the job");
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
		else if (!Named(key))
			Refuse(number, $"Invalid property name: '{key}'.");
		else
			Properties.Add(KeyValuePair.Create(key, text.Substring(equals + 1).Trim()));
	}

	static bool Named(string key) => key.Length > 0 && !char.IsAsciiDigit(key[0]) && key[0] != '-' &&
		key.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');

	void Refuse(int number, string why) => Wrong = $"{name}({number}): error: {why}";
}
