// Restore.cs - NuGet's restore of a project that exists only in memory
//
// The project is a framework and exact versions of packages. The only source is the registry that the
// administrator configured; nothing is read from the disk (no nuget.config, no fallback folders), and
// only the packages are kept.
using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using NuGet.Commands;
using NuGet.Common;
using NuGet.Configuration;
using NuGet.Frameworks;
using NuGet.LibraryModel;
using NuGet.ProjectModel;
using NuGet.Protocol;
using NuGet.Protocol.Core.Types;
using NuGet.Versioning;

sealed class Restore
{
	/// <summary>nuget.org, as NuGet knows it.</summary>
	public const string PublicIndex = NuGetConstants.V3FeedUrl;

	readonly NuGetFramework framework;
	readonly string alias, index, folder = Path.GetFullPath(Packages.Folder);
	readonly Messages log;

	public Restore(string framework, string index, Messages log)
	{
		alias = framework;
		this.framework = NuGetFramework.Parse(framework);
		this.index = index;
		this.log = log;
	}

	/// <summary>A source without TLS is the administrator's choice: a mirror on loopback.</summary>
	PackageSource Source => new(index, "registry") { AllowInsecureConnections = true };

	PackageSpec Project(IEnumerable<(string Name, string Version)> packages)
	{
		string path = Path.GetFullPath("app.csproj");
		var target = new TargetFrameworkInformation {
			FrameworkName = framework, TargetAlias = alias,
			Dependencies = packages.Select(p => new LibraryDependency {
				LibraryRange = new LibraryRange(p.Name, VersionRange.Parse($"[{p.Version}]"), LibraryDependencyTarget.Package)
			}).ToImmutableArray()
		};
		var spec = new PackageSpec(new List<TargetFrameworkInformation> { target }) {
			Name = "app", FilePath = path, Version = new NuGetVersion(1, 0, 0),
			RestoreMetadata = new ProjectRestoreMetadata {
				ProjectStyle = ProjectStyle.PackageReference, ProjectName = "app", ProjectPath = path, ProjectUniqueName = path,
				OutputPath = Path.GetFullPath("obj"), PackagesPath = folder, ConfigFilePaths = new List<string>(),
				FallbackFolders = new List<string>(), Sources = new List<PackageSource> { Source },
				OriginalTargetFrameworks = new List<string> { alias },
				TargetFrameworks = new List<ProjectRestoreMetadataFrameworkInfo> { new(framework) { TargetAlias = alias } }
			}
		};
		return spec;
	}

	/// <summary>Null after a failure, which is in the log.</summary>
	public async Task<LockFile?> Run(IEnumerable<(string Name, string Version)> packages)
	{
		var spec = Project(packages);
		var graph = new DependencyGraphSpec();
		using var cache = new SourceCacheContext { NoCache = true, DirectDownload = true };
		var settings = NullSettings.Instance;
		var providers3 = Repository.Provider.GetCoreV3().Append(new Lazy<INuGetResourceProvider>(() => new RegistryHandlerProvider()));
		var sources = new List<SourceRepository> { new(Source, providers3) };
		var providers = new RestoreCommandProvidersCache().GetOrCreate(folder, Array.Empty<string>(), sources, cache, log);

		graph.AddProject(spec);
		graph.AddRestore(spec.RestoreMetadata.ProjectUniqueName);
		var request = new RestoreRequest(spec, providers, cache, NuGet.Packaging.Signing.ClientPolicyContext.GetClientPolicy(settings, log),
			PackageSourceMapping.GetPackageSourceMapping(settings), log, new LockFileBuilderCache()) {
			ProjectStyle = ProjectStyle.PackageReference, DependencyGraphSpec = graph, AllowNoOp = false,
			PackageSaveMode = NuGet.Packaging.PackageSaveMode.Files | NuGet.Packaging.PackageSaveMode.Nuspec,
			XmlDocFileSaveMode = NuGet.Packaging.XmlDocFileSaveMode.Skip, RestoreOutputPath = spec.RestoreMetadata.OutputPath
		};
		var result = await new RestoreCommand(request).ExecuteAsync();

		return result.Success && !log.Failed ? result.LockFile : null;
	}
}
