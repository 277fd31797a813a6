// Packages.cs - the package client of C#: resolves a job's NuGet packages into a layer
//
// Packages come from the registry alone (Registry.cs). Runs in a package box (cee-languages(5), "What packages become"): a request as JSON on standard
// input, the folder `layer` as the answer, exit status 0, 1 or 75, and on standard error only errors for
// the user. It is NuGet's own restore, from the SDK's assemblies, without MSBuild: no code of a package
// is run, and no nuget.config is read.
//
// The layer: packages/ as NuGet stores them, lock.json, and what would be in project.assets.json,
// prepared so that no job has to parse it: compile.rsp (references, options of csc), app.deps.json (what
// the .NET host probes), analyzers (paths of the packages' analyzers, which are not run here).
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Text.Json;
using System.Threading.Tasks;
using NuGet.Common;
using NuGet.ProjectModel;

static class Packages
{
	const int Users = 1, Again = 75, Ours = 70;
	public const string Layer = "layer", Folder = "layer/packages";

	sealed record Package(string name, string version);
	sealed record Request(string language, string framework, Package[] packages, string index);

	static async Task<int> Main(string[] arguments)
	{
		if (arguments is ["--registry"]) {	// for the image's label: the hosts that are asked without an index
			var index = new Uri(Restore.PublicIndex);
			Console.WriteLine($"{index.Host}:{index.Port}");
			return 0;
		}
		// revocation checks would ask other hosts than the registry
		Environment.SetEnvironmentVariable("NUGET_CERT_REVOCATION_MODE", "offline");
		using var input = Console.OpenStandardInput();
		var request = JsonSerializer.Deserialize<Request>(input)!;
		var log = new Messages { Packages = string.Join(", ", request.packages.Take(10).Select(p => $"{p.name} {p.version}")) };
		var restore = new Restore(request.framework, request.index is "" ? Restore.PublicIndex : request.index, log);

		Directory.CreateDirectory(Folder);
		try {
			var lockFile = await restore.Run(request.packages.Select(p => (p.name, p.version)));

			if (log.Failed || lockFile is null)
				return Failed(log);
			new Layer(lockFile, request.framework).Write();
			return 0;
		} catch (Exception e) when (e is not (NullReferenceException or InvalidCastException)) {
			log.Add(e);
			return Failed(log);
		}
	}

	/// <summary>The user's fault if NuGet reports an unknown or unsuitable package; else the registry's, or cee's.</summary>
	static int Failed(Messages log)
	{
		foreach (string line in log.Lines)
			Console.Error.WriteLine(line);
		return log.Network ? Again : log.Users ? Users : Ours;
	}
}
