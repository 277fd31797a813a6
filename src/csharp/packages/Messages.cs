// Messages.cs - NuGet's errors, and whether the registry, the job or cee is to blame
//
// Users read NuGet's code, and its sentence where that holds names and versions alone. What a server may
// have written (bodies, reasons of HTTP, addresses) is not shown.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Net.Sockets;
using System.Threading.Tasks;
using NuGet.Common;
using NuGet.Packaging.Core;
using NuGet.Protocol.Core.Types;

sealed class Messages : LoggerBase
{
	const string Registry = "the registry did not answer as one does";
	const int LineMost = 500;
	readonly List<string> messages = new();
	readonly object mutex = new();

	public bool Failed { get; private set; }
	public bool Network { get; private set; }
	public bool Users { get; private set; }
	/// <summary>The packages of the request, for messages that name none.</summary>
	public string Packages { get; init; } = "";
	public IEnumerable<string> Lines => messages.Distinct();

	/// <summary>A registry that does not answer, sends an invalid answer or breaks off: not the job's fault.</summary>
	static bool OfNetwork(NuGetLogCode code) => code is NuGetLogCode.NU1301 or NuGetLogCode.NU1302
		or NuGetLogCode.NU1900;

	/// <summary>A lower version than a package needs is an error with the SDK too.</summary>
	static bool IsError(ILogMessage m) => m.Level == LogLevel.Error || m.Code == NuGetLogCode.NU1605;

	/// <summary>Resolution's errors: names, versions and frameworks.</summary>
	static bool IsPlain(ILogMessage m) => (int)m.Code is (>= 1100 and < 1300) or 1605 && !m.Message.Contains("://");

	static string Line(string text)
	{
		string line = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

		return line.Length <= LineMost ? line : line[..LineMost];
	}

	void Add(string what, string text) => messages.Add($"error{what}: {text}{(Packages is "" ? "" : $" ({Packages})")}");

	public override void Log(ILogMessage m)
	{
		if (!IsError(m))
			return;
		lock (mutex) {
			string code = m.Code > NuGetLogCode.NU1000 ? $" {m.Code}" : "";

			Failed = true;
			if (m.Message.Contains("a request leads to another host")) {
				Users = true;
				Add(code, new ForeignHostException().Message);
				return;
			}
			if (OfNetwork(m.Code))
				Network = true;
			else if (m.Code > NuGetLogCode.NU1000)
				Users = true;
			if (IsPlain(m))
				messages.Add($"error{code}: {Line(m.Message)}");
			else
				Add(code, Network ? Registry : "NuGet refuses a package of these, or what one of them requires");
		}
	}

	public override Task LogAsync(ILogMessage m)
	{
		Log(m);
		return Task.CompletedTask;
	}

	/// <summary>An invalid archive is the package's fault; the rest is the network's.</summary>
	public void Add(Exception e)
	{
		var all = Inner(e).ToList();

		lock (mutex) {
			string kind = all[^1].GetType().Name;

			Failed = true;
			if (all.Any(x => x is ForeignHostException)) {
				Users = true;
				Add("", new ForeignHostException().Message);
				return;
			}
			Network |= all.Any(x => x is HttpRequestException or SocketException or TaskCanceledException or TimeoutException
				or FatalProtocolException or System.Security.Authentication.AuthenticationException or HttpIOException);
			Users |= all.Any(x => x is NuGet.Packaging.Core.PackagingException or InvalidDataException
				|| x.GetType().Name is "UnsafePackageEntryException" or "SignatureException");
			Add("", Network ? $"{Registry}; {kind}" : $"NuGet failed; {kind}");
		}
	}

	static IEnumerable<Exception> Inner(Exception? e)
	{
		for (; e is not null; e = e.InnerException)
			yield return e;
	}
}
