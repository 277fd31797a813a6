// Registry.cs - NuGet's HTTP, which asks the registry alone
//
// A request goes to the host of the registry's index or is not sent at all: an index that names other
// hosts for its parts, and a redirect, are refused. A redirect within the host is followed here, since
// the handler below would follow any.
using System;
using System.Net;
using System.Net.Http;
using System.Threading;
using System.Threading.Tasks;
using NuGet.Configuration;
using NuGet.Protocol;
using NuGet.Protocol.Core.Types;

/// <summary>A request that leads away from the registry.</summary>
sealed class ForeignHostException : Exception
{
	public ForeignHostException() : base("a request leads to another host; packages come from the registry alone") { }
}

sealed class RegistryHandler : DelegatingHandler
{
	const int Redirects = 5;
	readonly Uri registry;

	public RegistryHandler(Uri registry, HttpMessageHandler inner) : base(inner) => this.registry = registry;

	void Check(Uri? address)
	{
		if (address is null || !address.IsAbsoluteUri || Uri.Compare(address, registry, UriComponents.SchemeAndServer,
				UriFormat.UriEscaped, StringComparison.OrdinalIgnoreCase) != 0)
			throw new ForeignHostException();
	}

	static bool Redirect(HttpResponseMessage r) => (int)r.StatusCode is 301 or 302 or 303 or 307 or 308;

	protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel)
	{
		Check(request.RequestUri);
		var response = await base.SendAsync(request, cancel);

		for (int i = 0; Redirect(response) && response.Headers.Location is { } to && i < Redirects; i++) {
			var next = new HttpRequestMessage(request.Method, new Uri(response.RequestMessage!.RequestUri!, to));

			Check(next.RequestUri);
			response.Dispose();
			response = await base.SendAsync(next, cancel);
		}
		return response;
	}
}

/// <summary>The gate's proxy for every address, loopback too, which .NET would ask directly.</summary>
sealed class GateProxy : IWebProxy
{
	readonly Uri address;

	public GateProxy(string address) => this.address = new Uri(address);
	public ICredentials? Credentials { get; set; }
	public Uri GetProxy(Uri destination) => address;
	public bool IsBypassed(Uri host) => false;
}

sealed class RegistryHandlerProvider : ResourceProvider
{
	public RegistryHandlerProvider() : base(typeof(HttpHandlerResource), nameof(RegistryHandlerProvider),
		nameof(HttpHandlerResourceV3Provider)) { }

	public override Task<Tuple<bool, INuGetResource?>> TryCreate(SourceRepository source, CancellationToken cancel)
	{
		string? proxy = Environment.GetEnvironmentVariable("http_proxy");
		var client = new HttpClientHandler {
			AllowAutoRedirect = false, AutomaticDecompression = DecompressionMethods.All, UseCookies = false,
			UseProxy = proxy is not (null or ""), Proxy = proxy is null or "" ? null : new GateProxy(proxy)
		};
		INuGetResource made = new HttpHandlerResourceV3(client, new RegistryHandler(source.PackageSource.SourceUri, client));

		return Task.FromResult(Tuple.Create(true, (INuGetResource?)made));
	}
}
