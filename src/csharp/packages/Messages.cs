// Messages.cs - NuGet's errors, and whether the registry, the job or cee is to blame
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
	readonly List<string> messages = new();
	readonly object mutex = new();

	public bool Failed { get; private set; }
	public bool Network { get; private set; }
	public bool Users { get; private set; }
	public IEnumerable<string> Lines => messages.Distinct();

	/// <summary>A registry that does not answer, sends an invalid answer or breaks off: not the job's fault.</summary>
	static bool OfNetwork(NuGetLogCode code) => code is NuGetLogCode.NU1301 or NuGetLogCode.NU1302
		or NuGetLogCode.NU1900;

	/// <summary>A lower version than a package needs is an error with the SDK too.</summary>
	static bool IsError(ILogMessage m) => m.Level == LogLevel.Error || m.Code == NuGetLogCode.NU1605;

	static string Line(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

	public override void Log(ILogMessage m)
	{
		if (!IsError(m))
			return;
		lock (mutex) {
			Failed = true;
			if (OfNetwork(m.Code))
				Network = true;
			else if (m.Code > NuGetLogCode.NU1000)
				Users = true;
			messages.Add((m.Code > NuGetLogCode.NU1000 ? $"error {m.Code}: " : "error: ") + Line(m.Message));
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
			Failed = true;
			Network |= all.Any(x => x is HttpRequestException or SocketException or TaskCanceledException or TimeoutException
				or FatalProtocolException or System.Security.Authentication.AuthenticationException or HttpIOException);
			Users |= all.Any(x => x is NuGet.Packaging.Core.PackagingException or InvalidDataException
				|| x.GetType().Name is "UnsafePackageEntryException" or "SignatureException");
			messages.Add("error: " + string.Join(" ", all.Select(x => Line(x.Message)).Distinct()));
		}
	}

	static IEnumerable<Exception> Inner(Exception? e)
	{
		for (; e is not null; e = e.InnerException)
			yield return e;
	}
}
