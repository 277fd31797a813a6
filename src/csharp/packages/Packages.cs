// Packages.cs - the package client of C#: resolves a job's NuGet packages into a layer
//
// Runs in a package box (cee-languages(5), "What packages become"): a request as JSON on
// standard input, the folder `layer` as the answer, 0, 1 or 75 as exit status, and on
// standard error only what the user must know. It is NuGet's own restore, from the SDK's
// assemblies, without msbuild: nothing that a package brings is run, and nobody's
// nuget.config is read.
//
// The layer: packages/ as NuGet keeps them, lock.json, and what is made of
// project.assets.json once, so that no job has to read it again: compile.rsp (references,
// options of csc), app.deps.json (what the host of .NET probes), analyzers (their paths, if
// a package has some: they are code, and this way runs none).
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

	static async Task<int> Main()
	{
		// asking for revoked certificates goes to other hosts than the registry
		Environment.SetEnvironmentVariable("NUGET_CERT_REVOCATION_MODE", "offline");
		using var input = Console.OpenStandardInput();
		var request = JsonSerializer.Deserialize<Request>(input)!;
		var log = new Words();
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

	/// <summary>The user's if NuGet says that a package is none or does not suit; else nobody answered, or it is ours.</summary>
	static int Failed(Words log)
	{
		foreach (string line in log.Lines)
			Console.Error.WriteLine(line);
		return log.Network ? Again : log.Users ? Users : Ours;
	}
}
