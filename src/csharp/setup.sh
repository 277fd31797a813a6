#!/bin/sh
# setup.sh - completes the image of C# beside the SDK; run as root while the image is built
#
# For each framework a project as `dotnet new console` makes it is built once, and parts of that
# build are kept: FRAMEWORK.rsp, the compiler's options with that framework's reference
# assemblies, C# version, symbols and implicit usings; FRAMEWORK.generators, the generators that
# the compiler runs; FRAMEWORK.deps.json and .runtimeconfig.json, the files beside the program. So
# a program that is compiled without a project is compiled as with one. The SDK has the
# reference assemblies of its own framework; those of the others are packages, fetched here once
# and put where the SDK looks for them, so that no job needs a network to be built. A framework
# that cannot be fetched is left out, and `left-out` says why; a build that merely takes long is
# tried again, with more time. A framework of the SDK itself is never left out: if it cannot be
# built, there is no image. `frameworks` names those that were built and `runtimes` the runtime
# of each, for cee-lang. Then the resident compiler is built.
set -eu
here=/usr/lib/cee/csharp
root=$(dirname "$(readlink -f "$(command -v dotnet)")")
work=$(mktemp -d)
cd "$here"

# a distribution installs it in another place
[ -e /usr/share/dotnet ] || ln -s "$root" /usr/share/dotnet

ln -sfn "$(ls -d "$root"/sdk/*/Roslyn/bincore | sort -V | tail -n1)" roslyn

[ -e ca.pem ] && export SSL_CERT_FILE="$here/ca.pem"
export DOTNET_CLI_HOME="$work" DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 \
	DOTNET_GENERATE_ASPNET_CERTIFICATE=false NUGET_CERT_REVOCATION_MODE=offline

# project FRAMEWORK: a console application; the options that it is compiled with go to `args`
project() {
	defaults='<ImplicitUsings>enable</ImplicitUsings><Nullable>enable</Nullable>'
	case $1 in netcoreapp3.1 | net5.0) defaults= ;; esac
	mkdir -p "$work/$1"
	cat > "$work/$1/app.csproj" <<-E
		<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><OutputType>Exe</OutputType>
		<TargetFramework>$1</TargetFramework>$defaults<UseAppHost>false</UseAppHost>
		<CheckEolTargetFramework>false</CheckEolTargetFramework>
		<DisableTransitiveFrameworkReferenceDownloads>true</DisableTransitiveFrameworkReferenceDownloads>
		<RestorePackagesPath>$work/packages</RestorePackagesPath>
		<ProvideCommandLineArgs>true</ProvideCommandLineArgs></PropertyGroup>
		<Target Name="KeepArguments" AfterTargets="CoreCompile">
		<WriteLinesToFile File="args" Lines="@(CscCommandLineArgs)" Overwrite="true"/></Target></Project>
	E
	cat > "$work/$1/Program.cs" <<-E
		class Program { static void Main() { System.Console.WriteLine(
			System.Runtime.InteropServices.RuntimeInformation.FrameworkDescription); } }
	E
}

# leave_out FRAMEWORK REASON
leave_out() {
	echo "$1: left out: $2"
	echo "$1 $2" >> left-out
}

in_sdk() { ls -d "$root"/packs/Microsoft.NETCore.App.Ref/*/ref/"$1" > /dev/null 2>&1; }

# try FRAMEWORK: 124 if it took too long each time; a busy host needs more time
try() {
	for seconds in 100 300 900; do
		project "$1"
		status=0
		(cd "$work/$1" && timeout "$seconds" dotnet build -c Release -nologo -m:1 -nodeReuse:false \
			-p:UseSharedCompilation=false > log 2>&1) || status=$?
		[ $status -eq 124 ] || return $status
		echo "$1: not built within $seconds s"
		in_sdk "$1" || [ $unreached -eq 0 ] || return 124	# a registry that does not answer is not waited for again
		rm -rf "${work:?}/$1"
	done
	return 124
}

# build FRAMEWORK: with its reference assemblies, from the SDK or fetched
unreached=0
build() {
	if ! in_sdk "$1" && [ $unreached -ge 2 ]; then	# each try takes minutes
		leave_out "$1" "no registry answers"
		return 1
	fi
	status=0
	try "$1" || status=$?
	[ $status -ne 0 ] || return 0
	if in_sdk "$1"; then
		tail -n 20 "$work/$1/log" 2>/dev/null || :
		echo "$1: the SDK has it, but cannot build it (status $status; 124: it took too long)" >&2
		exit 1
	fi
	if grep -q 'error NU110' "$work/$1/log" 2>/dev/null; then
		leave_out "$1" "$(grep -m1 -o 'error [A-Z].*' "$work/$1/log" | cut -c1-200)"
	else
		leave_out "$1" "its reference assemblies could not be fetched: $(grep -m1 -o 'error [A-Z].*' "$work/$1/log" 2>/dev/null | cut -c1-200 || echo 'no answer')"
		unreached=$((unreached + 1))
	fi
	return 1
}

# settle FRAMEWORK: move what the build fetched into the SDK, without documentation and translations
settle() {
	for pack in "$work"/packages/microsoft.netcore.app.ref/*/; do
		[ -d "$pack" ] || continue
		to=$root/packs/Microsoft.NETCore.App.Ref/$(basename "$pack")
		rm -rf "$to" && mkdir -p "$to"
		cp -r "$pack"/. "$to"
		find "$to" \( -path '*/ref/*.xml' -o -name '*.nupkg*' -o -name '*.resources.dll' \) -delete
		sed -i "s,${pack%/}/,$to/,g" "$work/$1/args"
	done
	rm -rf "$work/packages"
}

# keep FRAMEWORK: the options, except the project's own paths and analyzers
keep() {
	at=$work/$1 made=$work/$1/obj/Release/$1 out=$work/$1/bin/Release/$1
	{
		sed -n '/^\/reference:/!{/^\//p}' "$at/args" | grep -vE '^/(noconfig|fullpaths|errorreport|out|refout|analyzer|analyzerconfig)\b'
		printf '%s\n' -out:app.dll -features:FileBasedProgram -parallel-
		cp "$made"/app.AssemblyInfo.cs "$1.AssemblyInfo.cs"
		cp "$made"/.NET*.AssemblyAttributes.cs "$1.AssemblyAttributes.cs"
		printf '%s\n' "$here/$1.AssemblyInfo.cs" "$here/$1.AssemblyAttributes.cs"
		if [ -e "$made/app.GlobalUsings.g.cs" ]; then
			cp "$made/app.GlobalUsings.g.cs" "$1.GlobalUsings.cs"
			echo "$here/$1.GlobalUsings.cs"
		fi
		grep '^/reference:' "$at/args"
	} > "$1.rsp"
	grep "^/analyzer:$root/packs/" "$at/args" > "$1.generators" || :
	ln -sfn "$(sed -n 's,^/reference:\(.*\)/System.Runtime.dll,\1,p' "$1.rsp")" "ref/$1"
	cp "$out/app.deps.json" "$1.deps.json"
	cp "$out/app.runtimeconfig.json" "$1.runtimeconfig.json"
}

# runtime FRAMEWORK VERSION: the runtime of its programs; an older framework's programs are allowed a newer one
runtime() {
	title=$(DOTNET_ROLL_FORWARD=Major dotnet "$work/$1/bin/Release/$1/app.dll") || return 1
	case $title in
	".NET $2."* | ".NET Core $2."*) ;;
	*) sed -i 's/^\( *\)"tfm": .*/&\n\1"rollForward": "Major",/' "$1.runtimeconfig.json" ;;
	esac
	echo "$1 $title" >> runtimes
}

mkdir -p ref
: > frameworks
: > runtimes
: > left-out
while read -r framework version; do
	build "$framework" || continue
	settle "$framework"
	keep "$framework"
	runtime "$framework" "$version" || { leave_out "$framework" "its program does not run here"; continue; }
	echo "$framework" >> frameworks
done <<-E
	netcoreapp3.1 3.1
	net5.0 5.0
	net6.0 6.0
	net7.0 7.0
	net8.0 8.0
	net9.0 9.0
	net10.0 10.0
E
[ -s frameworks ] || { echo "the SDK has no reference assemblies, and none could be fetched" >&2; exit 1; }
echo "runtimes:"; cat runtimes

newest=$(tail -n1 frameworks)
ln -sf roslyn/Microsoft.CodeAnalysis.dll roslyn/Microsoft.CodeAnalysis.CSharp.dll .
dotnet roslyn/csc.dll -noconfig -nologo "@$newest.rsp" -out:compiler.dll -debug- \
	-reference:Microsoft.CodeAnalysis.dll -reference:Microsoft.CodeAnalysis.CSharp.dll src/*.cs

# the package client: NuGet's own restore
mkdir packages
for n in Commands Common Configuration Credentials DependencyResolver.Core Frameworks LibraryModel Packaging \
	ProjectModel Protocol Versioning; do
	ln -s "$root"/sdk/*/"NuGet.$n.dll" packages/
done
ln -s "$root"/sdk/*/Newtonsoft.Json.dll packages/
dotnet roslyn/csc.dll -noconfig -nologo "@$newest.rsp" -debug- -out:packages/packages.dll \
	"$(printf -- '-reference:%s,' packages/NuGet.*.dll | sed 's/,-reference:/,/g;s/,$//')" src/packages/*.cs
cp src/compiler.runtimeconfig.json packages/packages.runtimeconfig.json
dotnet packages/packages.dll --registry > registry

mv src/compiler.runtimeconfig.json .
rm -rf src "$work"
