#!/bin/sh
# setup.sh - what the image of C# gets besides the SDK; run as root while it is built
#
# For each framework FRAMEWORK.rsp, csc's options as `dotnet build` would give them: that
# framework's reference assemblies, C# version, symbols, and from net6.0 on the implicit
# usings and the nullable default of its project template. The SDK has the assemblies of
# its own framework; those of the others are packages, fetched here once with the SDK's
# client. A framework whose assemblies cannot be had is left out; `frameworks` names the
# others, for cee-lang. Then the resident compiler is built.
set -eu
here=/usr/lib/cee/csharp
work=$(mktemp -d)
cd "$here"

ln -sfn "$(ls -d /usr/share/dotnet/sdk/*/Roslyn/bincore | sort -V | tail -n1)" roslyn

[ -e ca.pem ] && export SSL_CERT_FILE="$here/ca.pem"
export DOTNET_CLI_HOME="$work" DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 \
	DOTNET_GENERATE_ASPNET_CERTIFICATE=false NUGET_CERT_REVOCATION_MODE=offline

# fetch FRAMEWORK: its reference package, by restoring an empty project
fetch() {
	mkdir -p "$work/$1"
	cat > "$work/$1/p.csproj" <<-E
		<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><TargetFramework>$1</TargetFramework>
		<UseAppHost>false</UseAppHost><CheckEolTargetFramework>false</CheckEolTargetFramework>
		</PropertyGroup></Project>
	E
	(cd "$work/$1" && timeout 100 dotnet restore --packages "$work/packages" > log 2>&1) && return
	grep -m1 -o 'error N.*' "$work/$1/log" || echo "$1: no answer"
	grep -q 'error NU110' "$work/$1/log" || unreached=$((unreached + 1))
	return 1
}

# references FRAMEWORK: its assemblies in ref/FRAMEWORK, whoever has them
unreached=0
references() {
	dir=$(ls -d /usr/share/dotnet/packs/Microsoft.NETCore.App.Ref/*/ref/"$1" 2>/dev/null | sort -V | tail -n1)
	mkdir -p ref
	if [ -n "$dir" ]; then
		ln -sfn "$dir" "ref/$1"
		return
	fi
	[ $unreached -lt 2 ] || return 1	# nobody answers; each try takes minutes
	fetch "$1" || return 1
	dir=$(ls -d "$work"/packages/microsoft.netcore.app.ref/*/ref/"$1" 2>/dev/null | sort -V | tail -n1)
	[ -n "$dir" ] || return 1
	mkdir -p "ref/$1"
	cp "$dir"/*.dll "ref/$1"
}

# options FRAMEWORK VERSION LANGUAGE WARNINGS
options() {
	symbols=NETCOREAPP title=".NET $2"
	case $1 in
	netcoreapp*) symbols="$symbols NETCOREAPP3_1" title=".NET Core $2" ;;
	*) symbols="$symbols NET NET${2%.0}_0" ;;
	esac
	printf '[assembly: global::System.Runtime.Versioning.TargetFramework(".NETCoreApp,Version=v%s", FrameworkDisplayName = "%s")]\n' \
		"$2" "$title" > "$1.cs"
	{
		printf '%s\n' -nostdlib+ -utf8output -deterministic+ -debug- -optimize+ -target:exe -out:app.dll \
			-nowarn:1701,1702 -features:FileBasedProgram -parallel- "-langversion:$3" "-warn:$4"
		# shellcheck disable=SC2086 # words
		printf -- '-define:%s\n' $symbols $older
		case $1 in
		netcoreapp3.1 | net5.0) ;;
		*) printf '%s\n' -nullable:enable "$here/usings.cs" ;;
		esac
		printf '%s\n' "$here/$1.cs"
		printf -- '-reference:%s\n' "$here/ref/$1"/*.dll
	} > "$1.rsp"
}

for n in System System.Collections.Generic System.IO System.Linq System.Net.Http System.Threading \
	System.Threading.Tasks; do
	echo "global using global::$n;"
done > usings.cs

older=
: > frameworks
while read -r framework version language warnings; do
	older="$older $(echo "$framework" | tr a-z. A-Z_)_OR_GREATER"
	references "$framework" || continue
	options "$framework" "$version" "$language" "$warnings"
	echo "$framework" >> frameworks
done <<-E
	netcoreapp3.1 3.1 8.0 4
	net5.0 5.0 9.0 5
	net6.0 6.0 10.0 6
	net7.0 7.0 11.0 7
	net8.0 8.0 12.0 8
	net9.0 9.0 13.0 9
	net10.0 10.0 14.0 10
E
[ -s frameworks ] || { echo "the SDK has no reference assemblies, and none could be fetched" >&2; exit 1; }
echo "frameworks: $(tr '\n' ' ' < frameworks)"

newest=$(tail -n1 frameworks)
ln -sf roslyn/Microsoft.CodeAnalysis.dll roslyn/Microsoft.CodeAnalysis.CSharp.dll .
dotnet roslyn/csc.dll -noconfig -nologo "@$newest.rsp" -out:compiler.dll \
	-reference:Microsoft.CodeAnalysis.dll -reference:Microsoft.CodeAnalysis.CSharp.dll src/*.cs

# the package client: NuGet's own restore
mkdir packages
for n in Commands Common Configuration Credentials DependencyResolver.Core Frameworks LibraryModel Packaging \
	ProjectModel Protocol Versioning; do
	ln -s /usr/share/dotnet/sdk/*/"NuGet.$n.dll" packages/
done
ln -s /usr/share/dotnet/sdk/*/Newtonsoft.Json.dll packages/
dotnet roslyn/csc.dll -noconfig -nologo "@$newest.rsp" -nowarn:1701,1702 -out:packages/packages.dll \
	"$(printf -- '-reference:%s,' packages/NuGet.*.dll | sed 's/,-reference:/,/g;s/,$//')" src/packages/*.cs
cp src/compiler.runtimeconfig.json packages/packages.runtimeconfig.json

mv src/compiler.runtimeconfig.json .
rm -rf src "$work"
