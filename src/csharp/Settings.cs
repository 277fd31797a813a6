// Settings.cs - the compiler's options with the properties in a file and the job's packages
//
// A property that is an option of the compiler, or a setting of the runtime, is applied as `dotnet
// build` would. Any other requires a project (NeedsProject), because only MSBuild knows what it does.
//
// The packages of a job are a folder, its layer (-layer:FOLDER): compile.rsp in it has their
// references, app.deps.json tells the runtime what is in it, and `analyzers` names generators and
// analyzers, which are untrusted code and run only when a project is built in the job's own box.
//
// Rules: the options are those of the language file; the value of a property becomes part of an option
// only in the form that the option has, and never a path.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;

sealed class Settings
{
	/// <summary>The options with the properties in them.</summary>
	public readonly List<string> Options;
	/// <summary>The response file in the options, without ".rsp"; FRAMEWORK.deps.json and others stand beside it.</summary>
	public string Framework = "";
	/// <summary>Why the program cannot be built, as an error line; null when it can.</summary>
	public string? Error { get; private set; }
	/// <summary>Why a project is needed; null when none is.</summary>
	public string? NeedsProject { get; private set; }
	public readonly Directives Directives;
	/// <summary>The folder of the job's packages; null when it has none.</summary>
	public readonly string? Layer;

	const string LayerOption = "-layer:", ReferenceOption = "-reference:";

	readonly Dictionary<string, bool> switches = new(StringComparer.Ordinal);
	readonly List<string> more = new();
	readonly List<string> defined = new();
	bool redefined, usings = true;

	static readonly Dictionary<string, string> runtimeSwitches = new(StringComparer.OrdinalIgnoreCase) {
		["InvariantGlobalization"] = "System.Globalization.Invariant",
		["PredefinedCulturesOnly"] = "System.Globalization.PredefinedCulturesOnly",
		["InvariantTimezone"] = "System.TimeZoneInfo.Invariant",
		["UseSystemResourceKeys"] = "System.Resources.UseSystemResourceKeys",
		["ServerGarbageCollection"] = "System.GC.Server",
		["ConcurrentGarbageCollection"] = "System.GC.Concurrent",
		["RetainVMGarbageCollection"] = "System.GC.RetainVM",
		["TieredCompilation"] = "System.Runtime.TieredCompilation",
		["TieredPGO"] = "System.Runtime.TieredPGO",
		["JsonSerializerIsReflectionEnabledByDefault"] = "System.Text.Json.JsonSerializer.IsReflectionEnabledByDefault",
		["EnableUnsafeBinaryFormatterSerialization"] = "System.Runtime.Serialization.EnableUnsafeBinaryFormatterSerialization"
	};

	/// <summary>When off, these change nothing in a build, or concern only publishing.</summary>
	static readonly HashSet<string> ignoredWhenOff = new(StringComparer.OrdinalIgnoreCase) {
		"PublishAot", "PublishTrimmed", "PublishSingleFile", "PublishReadyToRun", "SelfContained", "PackAsTool", "IsPackable",
		"UseAppHost", "CheckEolTargetFramework", "EnablePreviewFeatures"
	};

	public Settings(IReadOnlyList<string> options, string entry, byte[] content)
	{
		Options = options.Where(o => !o.StartsWith(LayerOption, StringComparison.Ordinal)).ToList();
		Layer = options.LastOrDefault(o => o.StartsWith(LayerOption, StringComparison.Ordinal))?.Substring(LayerOption.Length);
		Directives = Directives.Of(entry, content);
		Error = Directives.Error;
		Framework = WithoutEnding(options.FirstOrDefault(o => o.StartsWith('@')) ?? "");
		foreach (var p in Directives.Properties)
			Apply(p.Key, p.Value);
		if (PackageAnalyzers.Any())
			NeedsProject ??= "a package with a source generator or an analyzer";
		ReplaceResponseFile();
	}

	/// <summary>The lines of a file in the layer; none if there is no such file.</summary>
	IEnumerable<string> Lines(string name) =>
		Layer is not null && File.Exists(Path.Combine(Layer, name)) ? File.ReadAllLines(Path.Combine(Layer, name)) : Array.Empty<string>();

	public IEnumerable<string> PackageReferences => Lines("compile.rsp").Where(l => l.StartsWith(ReferenceOption, StringComparison.Ordinal))
		.Select(l => Path.Combine(Layer!, l.Substring(ReferenceOption.Length)));
	public IEnumerable<string> PackageAnalyzers => Lines("analyzers").Select(l => Path.Combine(Layer!, l));

	static string WithoutEnding(string option) => option.EndsWith(".rsp", StringComparison.Ordinal) ? option.Substring(1, option.Length - 5) : "";

	void Apply(string name, string value)
	{
		bool? on = value.ToLowerInvariant() switch { "true" or "enable" => true, "false" or "disable" => false, _ => null };

		if (runtimeSwitches.TryGetValue(name, out var s) && on is { } v)
			switches[s] = v;
		else if (!(ignoredWhenOff.Contains(name) && on == false) && !ApplyOption(name.ToLowerInvariant(), value, on))
			NeedsProject ??= name;
	}

	bool ApplyOption(string name, string value, bool? on) => name switch {
		"langversion" => Add("-langversion:", value, Plain(value)),
		"nullable" => Add("-nullable:", value.ToLowerInvariant(), value.ToLowerInvariant() is "enable" or "disable" or "warnings" or "annotations"),
		"allowunsafeblocks" => Flag("-unsafe", on),
		"checkforoverflowunderflow" => Flag("-checked", on),
		"optimize" => Flag("-optimize", on),
		"treatwarningsaserrors" => Flag("-warnaserror", on),
		"warningsaserrors" => Ids("-warnaserror+:", value, "$(WarningsAsErrors)"),
		"warningsnotaserrors" => Ids("-warnaserror-:", value, "$(WarningsNotAsErrors)"),
		"nowarn" => Ids("-nowarn:", value, "$(NoWarn)"),
		"warninglevel" => Add("-warn:", value, value.Length is 1 or 2 && value.All(char.IsAsciiDigit)),
		"defineconstants" => Define(value),
		"implicitusings" => on == false ? !(usings = false) : on == true && File.Exists(Framework + ".GlobalUsings.cs"),
		"targetframework" => Target(value),
		"outputtype" => value.Equals("Exe", StringComparison.OrdinalIgnoreCase),
		_ => false
	};

	static bool Plain(string s) => s.Length is > 0 and < 100 && s.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');

	bool Add(string option, string value, bool valid)
	{
		if (valid)
			more.Add(option + value);
		return valid;
	}

	bool Flag(string option, bool? on) => Add(option, on == true ? "+" : "-", on is not null);

	static string[] Split(string value, string before) => value.Replace(before, "", StringComparison.OrdinalIgnoreCase)
		.Split(new[] { ';', ',', ' ' }, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

	bool Ids(string option, string value, string before)
	{
		var ids = Split(value, before);

		return ids.Length == 0 || Add(option, string.Join(',', ids), ids.All(Plain));
	}

	/// <summary>Symbols that are defined by default stay, except TRACE, which a project's own list replaces.</summary>
	bool Define(string value)
	{
		var names = Split(value, "$(DefineConstants)");

		if (!names.All(n => Plain(n) && !n.Contains('.') && !n.Contains('-')))
			return false;
		redefined |= !value.Contains("$(DefineConstants)", StringComparison.OrdinalIgnoreCase);
		defined.AddRange(names);
		if (names.Length > 0)
			more.Add("-define:" + string.Join(';', names));
		return true;
	}

	/// <summary>A framework other than the job's has another response file.</summary>
	bool Target(string value)
	{
		string other = Path.Combine(Path.GetDirectoryName(Framework) ?? "", value);

		if (!Plain(value) || !File.Exists(other + ".rsp")) {
			Error ??= $"error NETSDK1045: #:property TargetFramework={value}: unknown framework";
			return true;
		}
		for (int i = 0; i < Options.Count; i++)
			if (Options[i] == $"@{Framework}.rsp")
				Options[i] = $"@{other}.rsp";
		Framework = other;
		return true;
	}

	/// <summary>Replaces the response file by its lines where a property or a package removes some of them.</summary>
	void ReplaceResponseFile()
	{
		var packages = PackageReferences.ToDictionary(r => Path.GetFileName(r), StringComparer.OrdinalIgnoreCase);
		int at = Options.IndexOf($"@{Framework}.rsp");

		if (at >= 0 && (redefined || !usings || packages.Count > 0)) {
			Options.RemoveAt(at);
			Options.InsertRange(at, File.ReadAllLines(Framework + ".rsp").Where(l => usings || l != Framework + ".GlobalUsings.cs")
				.Where(l => !IsOutdated(l, packages))
				.Select(l => redefined && l.StartsWith("/define:", StringComparison.Ordinal) ? Without(l, "TRACE") : l.Replace("\"", "")));
		}
		Options.AddRange(packages.Values.Select(r => ReferenceOption + r));
		Options.AddRange(more);
	}

	/// <summary>Of an assembly that both the framework and a package have, the newer one is used.</summary>
	static bool IsOutdated(string line, Dictionary<string, string> packages)
	{
		if (packages.Count == 0 || !line.StartsWith("/reference:", StringComparison.Ordinal))
			return false;
		string own = line.Substring("/reference:".Length), name = Path.GetFileName(own);
		if (!packages.TryGetValue(name, out var other))
			return false;
		bool newer = Version(other) > Version(own);
		if (!newer)
			packages.Remove(name);
		return newer;
	}

	static Version Version(string path) => System.Reflection.AssemblyName.GetAssemblyName(path).Version ?? new Version();

	static string Without(string line, string symbol) =>
		"/define:" + string.Join(';', line.Substring("/define:".Length).Split(';').Where(s => s != symbol));

	/// <summary>The files that `dotnet build` puts beside the program: NAME.deps.json and NAME.runtimeconfig.json.</summary>
	public IEnumerable<KeyValuePair<string, byte[]>> Companions()
	{
		string deps = Framework + ".deps.json", config = Framework + ".runtimeconfig.json";

		if (Layer is not null && File.Exists(Path.Combine(Layer, "app.deps.json")))
			deps = Path.Combine(Layer, "app.deps.json");
		if (File.Exists(deps))
			yield return KeyValuePair.Create("app.deps.json", File.ReadAllBytes(deps));
		if (File.Exists(config))
			yield return KeyValuePair.Create("app.runtimeconfig.json", RuntimeConfig(File.ReadAllBytes(config)));
	}

	/// <summary>The runtime's configuration with the properties' switches, and the layer's packages as a probing path.</summary>
	public byte[] RuntimeConfig(byte[] text)
	{
		if (switches.Count == 0 && Layer is null)
			return text;
		var all = JsonNode.Parse(text)!;
		var options = all["runtimeOptions"]!.AsObject();
		if (options["configProperties"] is null)
			options["configProperties"] = new JsonObject();
		foreach (var s in switches)
			options["configProperties"]![s.Key] = s.Value;
		if (Layer is not null)
			options["additionalProbingPaths"] = new JsonArray(Path.Combine(Layer, "packages"));
		return System.Text.Encoding.UTF8.GetBytes(all.ToJsonString(new() { WriteIndented = true }));
	}
}
