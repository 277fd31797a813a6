// Layer.cs - the files of a layer besides the packages
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text.Json;
using NuGet.ProjectModel;

sealed class Layer
{
	readonly LockFile resolved;
	readonly LockFileTarget target;
	readonly string framework;

	public Layer(LockFile resolved, string framework)
	{
		this.resolved = resolved;
		this.framework = framework;
		target = resolved.Targets.Single(t => t.RuntimeIdentifier is null or "");
	}

	public void Write()
	{
		File.WriteAllLines(Path.Combine(Packages.Layer, "compile.rsp"), References());
		File.WriteAllText(Path.Combine(Packages.Layer, "app.deps.json"), Dependencies());
		File.WriteAllText(Path.Combine(Packages.Layer, "lock.json"), Lock());
		var analyzers = Analyzers().ToList();
		if (analyzers.Count > 0)
			File.WriteAllLines(Path.Combine(Packages.Layer, "analyzers"), analyzers);
	}

	static bool Real(string path) => !path.EndsWith("/_._", StringComparison.Ordinal);

	string FolderOf(LockFileTargetLibrary l) => resolved.GetLibrary(l.Name!, l.Version!)!.Path;

	IEnumerable<LockFileTargetLibrary> Libraries => target.Libraries.Where(l => l.Type == "package");

	/// <summary>Relative to the layer: readers know where it is mounted.</summary>
	IEnumerable<string> References() => Libraries.SelectMany(l => l.CompileTimeAssemblies.Where(a => Real(a.Path))
		.Select(a => $"-reference:packages/{FolderOf(l)}/{a.Path}"));

	/// <summary>A package may have analyzers for several compilers, in folders roslynX.Y: the newest is used that
	/// is not newer than this compiler.</summary>
	IEnumerable<string> Analyzers() => AllAnalyzers().GroupBy(p => p.Package).SelectMany(g => {
		var best = g.Select(a => Compiler(a.File)).Where(v => v <= compiler).DefaultIfEmpty(none).Max();
		return g.Where(a => Compiler(a.File) == best).Select(a => $"{a.Package}/{a.File}");
	});

	static readonly Version none = new(0, 0), compiler = AssemblyName.GetAssemblyName(Path.Combine(AppContext.BaseDirectory,
		"../roslyn/Microsoft.CodeAnalysis.dll")).Version!;

	static Version Compiler(string file)
	{
		string folder = file.Split('/')[2];

		return folder.StartsWith("roslyn", StringComparison.Ordinal) && Version.TryParse(folder.AsSpan(6), out var v) ? v : none;
	}

	IEnumerable<(string Package, string File)> AllAnalyzers() => Libraries.SelectMany(l => resolved.GetLibrary(l.Name!, l.Version!)!.Files
		.Where(f => f.StartsWith("analyzers/dotnet/", StringComparison.Ordinal) && f.EndsWith(".dll", StringComparison.Ordinal)
			&& !f.EndsWith(".resources.dll", StringComparison.Ordinal) && !f.Contains("/vb/", StringComparison.Ordinal))
		.Select(f => ($"packages/{FolderOf(l)}", f)));

	string Lock() => JsonSerializer.Serialize(Libraries.Select(l => new {
		name = l.Name, version = l.Version!.ToNormalizedString(),
		hash = "sha512-" + resolved.GetLibrary(l.Name!, l.Version!)!.Sha512
	}));

	static Dictionary<string, object> Items(IEnumerable<LockFileItem> items, Func<LockFileItem, object> f) =>
		items.Where(i => Real(i.Path)).ToDictionary(i => i.Path, f);

	static object Nothing(LockFileItem i) => new { };

	Dictionary<string, object> Entry(LockFileTargetLibrary l)
	{
		var e = new Dictionary<string, object>();

		void Add(string name, Dictionary<string, object> what) { if (what.Count > 0) e[name] = what; }
		Add("dependencies", l.Dependencies.ToDictionary(d => d.Id, d => (object)(target.Libraries
			.FirstOrDefault(t => string.Equals(t.Name, d.Id, StringComparison.OrdinalIgnoreCase))?.Version?.ToNormalizedString() ?? "0.0.0")));
		Add("runtime", Items(l.RuntimeAssemblies, Nothing));
		Add("native", Items(l.NativeLibraries, Nothing));
		Add("resources", Items(l.ResourceAssemblies, i => new { locale = i.Properties.TryGetValue("locale", out var language) ? language : "" }));
		Add("runtimeTargets", l.RuntimeTargets.Where(t => Real(t.Path))
			.ToDictionary(t => t.Path, t => (object)new { rid = t.Runtime, assetType = t.AssetType }));
		return e;
	}

	/// <summary>app.deps.json as `dotnet build` writes it, the project itself being app.dll.</summary>
	string Dependencies()
	{
		string name = target.TargetFramework!.DotNetFrameworkName;
		var libraries = Libraries.ToList();
		var entries = new Dictionary<string, object> { ["app/1.0.0"] = new {
			dependencies = libraries.ToDictionary(l => l.Name!, l => l.Version!.ToNormalizedString()),
			runtime = new Dictionary<string, object> { ["app.dll"] = new { } }
		} };
		var all = new Dictionary<string, object> { ["app/1.0.0"] = new { type = "project", serviceable = false, sha512 = "" } };

		foreach (var l in libraries) {
			string key = $"{l.Name}/{l.Version!.ToNormalizedString()}";

			entries[key] = Entry(l);
			all[key] = new { type = "package", serviceable = true, sha512 = "sha512-" + resolved.GetLibrary(l.Name!, l.Version!)!.Sha512,
				path = FolderOf(l), hashPath = "" };
		}
		return JsonSerializer.Serialize(new {
			runtimeTarget = new { name, signature = "" }, compilationOptions = new { },
			targets = new Dictionary<string, object> { [name] = entries }, libraries = all
		});
	}
}
