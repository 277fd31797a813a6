// Project.cs - `dotnet build`, for what only a project can express
//
// The project is the one that `dotnet new console` makes, with the properties in the file and the
// job's sources, built without a network: everything that it refers to is in the image or in the
// job's layer of packages. Its diagnostics are written as csc writes them, with the user's names.
// Source generators and analyzers of packages run here, in the job's own box.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;

static class Project
{
	public static int Build(Settings settings, List<string> sources, string folder)
	{
		var at = Directory.CreateTempSubdirectory("build");
		string here = Environment.CurrentDirectory;

		try {
			Write(at.FullName, settings, sources.Select(s => Path.GetFullPath(s, here)));
			int status = Run(at.FullName, here);
			if (status == 0)
				CopyAll(Path.Combine(at.FullName, "out"), folder);
			if (status == 0 && settings.Layer is not null)
				AddLayer(settings, folder);
			return status;
		} finally {
			at.Delete(true);
		}
	}

	/// <summary>Text with MSBuild's special characters escaped.</summary>
	static string Literal(string text)
	{
		var b = new StringBuilder();

		foreach (char c in text)
			b.Append("%*?@$();'".Contains(c) ? $"%{(int)c:X2}" : c);
		return b.ToString();
	}

	static void Write(string at, Settings settings, IEnumerable<string> sources)
	{
		var properties = new XElement("PropertyGroup", Property("OutputType", "Exe"),
			Property("TargetFramework", Path.GetFileName(settings.Framework)), Property("AssemblyName", "app"), Property("RootNamespace", "app"),
			Property("DisableTransitiveFrameworkReferenceDownloads", "true"), Property("UseAppHost", "false"), Property("CheckEolTargetFramework", "false"),
			Property("EnableDefaultItems", "false"), Property("RollForward", "Major"),
			Property("AppendTargetFrameworkToOutputPath", "false"), Property("OutputPath", "out/"), Property("SatelliteResourceLanguages", "en"),
			Property("Features", "$(Features);FileBasedProgram"));
		if (File.Exists(settings.Framework + ".GlobalUsings.cs"))
			properties.Add(Property("ImplicitUsings", "enable"), Property("Nullable", "enable"));
		properties.Add(settings.Directives.Properties.Select(p => new XElement(p.Key, p.Value)));
		var items = new XElement("ItemGroup", sources.Select(s => Item("Compile", s)),
			settings.PackageAnalyzers.Select(a => Item("Analyzer", a)), settings.PackageReferences.Select(Reference));
		new XDocument(new XElement("Project", new XAttribute("Sdk", Directives.Sdk), properties, items)).Save(Path.Combine(at, "app.csproj"));
		// no package source, and no settings from folders above
		File.WriteAllText(Path.Combine(at, "nuget.config"), "<configuration><packageSources><clear /></packageSources></configuration>");
		foreach (string name in new[] { "Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props" })
			File.WriteAllText(Path.Combine(at, name), "<Project />");
	}

	static XElement Property(string name, string value) => new(name, value);
	static XElement Item(string name, string path) => new(name, new XAttribute("Include", Literal(path)));

	/// <summary>A reference that is not copied: the runtime finds it in the layer.</summary>
	static XElement Reference(string path)
	{
		var item = Item("Reference", path);

		item.Add(new XElement("Private", "false"));
		return item;
	}

	/// <summary>The runtime finds the packages in the layer, as after a compile without a project.</summary>
	static void AddLayer(Settings settings, string folder)
	{
		string config = Path.Combine(folder, "app.runtimeconfig.json");
		byte[] built = File.ReadAllBytes(config);

		foreach (var c in settings.Companions())
			File.WriteAllBytes(Path.Combine(folder, c.Key), c.Value);
		File.WriteAllBytes(config, settings.RuntimeConfig(built));
	}

	static int Run(string at, string here)
	{
		var start = new ProcessStartInfo(Environment.ProcessPath!) { WorkingDirectory = at, RedirectStandardOutput = true };

		foreach (string a in new[] { "msbuild", "-restore", "-nologo", "-v:q", "-tl:off", "-clp:NoSummary;DisableConsoleColor", "-m:1",
				"-nodeReuse:false", "-p:Configuration=Release", "-p:UseSharedCompilation=false", "-p:NuGetAudit=false" })
			start.ArgumentList.Add(a);
		start.Environment["DOTNET_CLI_HOME"] = at;
		start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
		start.Environment["DOTNET_SKIP_WORKLOAD_INTEGRITY_CHECK"] = "1";
		using var build = Process.Start(start)!;
		var shown = new HashSet<string>(StringComparer.Ordinal);
		while (build.StandardOutput.ReadLine() is { } line)
			if (Shown(line, at, here) is { Length: > 0 } text && shown.Add(text))
				Console.WriteLine(text);
		build.WaitForExit();
		return build.ExitCode;
	}

	static readonly Regex project = new(@" \[[^\]]*app\.csproj[^\]]*\]$", RegexOptions.CultureInvariant);

	/// <summary>A line of MSBuild as csc writes it: without the project, and with names relative to the job's folder.</summary>
	static string Shown(string line, string at, string here)
	{
		string text = project.Replace(line, "").TrimEnd();

		if (text.StartsWith(at + "/app.csproj : ", StringComparison.Ordinal))
			text = text.Substring(at.Length + "/app.csproj : ".Length);
		return text.StartsWith(here + "/", StringComparison.Ordinal) ? text.Substring(here.Length + 1) : text;
	}

	static void CopyAll(string from, string to)
	{
		foreach (string path in Directory.GetFiles(from, "*", SearchOption.AllDirectories)) {
			string target = Path.Combine(to, Path.GetRelativePath(from, path));

			Directory.CreateDirectory(Path.GetDirectoryName(target)!);
			File.Copy(path, target, true);
		}
	}
}
