// Fuzz.cs - what C# reads of others: requests to the compiler, the heads of sources, the registry of NuGet packages
//
//     request    frames: a job, the end of the input, or InvalidDataException or EndOfStreamException; memory stays bounded
//     source     directives: no exception; no property becomes an option of another form than the option has, or a path
//     redirect   whatever the registry answers, no request leaves for another host
//     restore    NuGet's own restore from a registry on loopback with mutated indexes and packages: nobody else is asked,
//                nothing is written outside of the layer, users read no address, and it ends
//
// Run by csharp_fuzz: SECONDS SEED CORPUS.
using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

sealed class Broken : Exception
{
	public Broken(string what) : base(what) { }
}

static class Fuzz
{
	static Random rng = new();
	static string corpus = "";

	static byte[][] Bytes(string kind) => Directory.GetFiles(corpus, kind + "*").Order(StringComparer.Ordinal).Select(File.ReadAllBytes).ToArray();
	static string[] Texts(string kind) => Bytes(kind).Select(Encoding.UTF8.GetString).ToArray();
	static T Pick<T>(IReadOnlyList<T> all) => all[rng.Next(all.Count)];

	static async Task<int> Main(string[] arguments)
	{
		var end = DateTime.UtcNow.AddSeconds(double.Parse(arguments[0]));
		int seed = int.Parse(arguments[1]);
		var counts = new SortedDictionary<string, int> { ["requests"] = 0, ["sources"] = 0, ["redirects"] = 0, ["restores"] = 0 };

		rng = new Random(seed);
		corpus = arguments[2];
		try {
			using var registry = new Registry();

			Valid();

			while (DateTime.UtcNow < end || counts["restores"] == 0) {
				for (int i = 0; i < 200; i++, counts["requests"]++)
					Request();
				for (int i = 0; i < 200; i++, counts["sources"]++)
					Source();
				for (int i = 0; i < 50; i++, counts["redirects"]++)
					await Redirects();
				await registry.Restored();
				counts["restores"]++;
			}
		} catch (Exception e) {
			Console.WriteLine($"not ok csharp_fuzz: seed {seed}, after {string.Join(", ", counts)}: {(e is Broken ? e.Message : e)}");
			return 1;
		}
		Console.WriteLine($"csharp_fuzz: {string.Join(", ", counts.Select(c => $"{c.Value} {c.Key}"))}, seed {seed}");
		return 0;
	}

	// ---- mutation ------------------------------------------------------------------------------

	static byte[] Mutated(byte[] from)
	{
		var all = from.ToList();

		for (int n = 1 + rng.Next(4); n > 0 && all.Count > 0; n--) {
			int at = rng.Next(all.Count), many = Math.Min(rng.Next(1, 9), all.Count - at);

			switch (rng.Next(5)) {
			case 0: all[at] = (byte)rng.Next(256); break;
			case 1: all[at] = Pick(new byte[] { 0, 1, 0x7f, 0x80, 0xff }); break;
			case 2: all.RemoveRange(at, many); break;
			case 3: all.InsertRange(at, all.GetRange(at, many)); break;
			case 4: all.RemoveRange(at, all.Count - at); break;
			}
		}
		return all.ToArray();
	}

	static readonly string[] words = {
		"#:property ", "#:package ", "#:sdk ", "#:", "=", "/*", "*/", "//", "\n", "\r", "\0", "\"", "@", "/", "..", ";", ",", " ", "\t", "\uFEFF", "$(NoWarn)",
		"$(DefineConstants)", "LangVersion", "NoWarn", "DefineConstants", "TargetFramework", "WarningLevel", "true", "../../etc/passwd", "-out:/tmp/x", "http:",
		"https:", "//evil.example/", "OTHER", "BASE", "<", ">", "{", "}", "[", "]", "null", "-1", "99999999999999999999", "1.0.0", "../../../x", "..\\x", "é"
	};

	static string Mutated(string text, IReadOnlyList<string> pool)
	{
		for (int n = Pick(new[] { 1, 1, 1, 2, 3, 6 }); n > 0; n--) {
			int a = rng.Next(text.Length + 1), b = rng.Next(text.Length + 1), i = Math.Min(a, b), j = Math.Max(a, b);
			string other = Pick(pool);
			int k = rng.Next(other.Length + 1);

			text = rng.Next(5) switch {
				0 => text[..i] + Pick(words) + text[i..],
				1 => text[..i] + text[Math.Min(j, i + 8)..],
				2 => text[..i] + (char)rng.Next(1, 0xd7ff) + text[Math.Min(i + 1, text.Length)..],
				3 => text[..j] + text[i..],
				_ => text[..i] + other.Substring(k, Math.Min(40, other.Length - k)) + text[i..]
			};
		}
		return text.Length < 20000 ? text : text[..20000];
	}

	// ---- requests to the compiler --------------------------------------------------------------

	/// <summary>The corpus itself is of valid requests, each of which has files.</summary>
	static void Valid()
	{
		foreach (var bytes in Bytes("request")) {
			var job = Job.Read(new Frames(new MemoryStream(bytes), new MemoryStream()));

			if (job is not { Number: 7, CpuLimit: 5000000, OutputLimit: 65536 } || job.Files.Count == 0 || job.Files.Values.All(f => f.Length == 0))
				throw new Broken("a valid request is not read");
		}
	}

	static void Request()
	{
		var bytes = Mutated(Pick(Bytes("request")));
		long before = GC.GetAllocatedBytesForCurrentThread();

		try {
			var frames = new Frames(new MemoryStream(bytes), new MemoryStream());

			while (Job.Read(frames) is { } job)
				foreach (var name in job.Files.Keys)
					if (!name.StartsWith('/'))
						throw new Broken($"a file has the path \"{name}\"");
		} catch (Exception e) when (e is InvalidDataException or EndOfStreamException) {
		}
		if (GC.GetAllocatedBytesForCurrentThread() - before > (8 << 20) + 64L * bytes.Length)
			throw new Broken($"{bytes.Length} bytes of a request take {GC.GetAllocatedBytesForCurrentThread() - before} bytes of memory");
	}

	// ---- heads of sources ----------------------------------------------------------------------

	static readonly string[] forms = {
		"^-langversion:[A-Za-z0-9._-]+$", "^-nullable:(enable|disable|warnings|annotations)$", "^-(unsafe|checked|optimize|warnaserror)[+-]$",
		"^-(warnaserror[+]|warnaserror-|nowarn):[A-Za-z0-9._,-]+$", "^-warn:[0-9]{1,2}$", "^[-/]define:[A-Za-z0-9_;]*$", "^@[a-z0-9.]+[.]rsp$"
	};

	static void Source()
	{
		var sources = Texts("source");
		var settings = new Settings(new[] { "@net8.0.rsp", "-nologo" }, "main.cs", Encoding.UTF8.GetBytes(Mutated(Pick(sources), sources)));

		if (settings.Error is { } error && error.Contains('\n'))
			throw new Broken($"an error is more than a line: {error}");
		foreach (string option in settings.Options)
			if (option != "-nologo" && !forms.Any(f => System.Text.RegularExpressions.Regex.IsMatch(option, f)) || option.Contains('\n'))
				throw new Broken($"a property became the option {option}");
		settings.RuntimeConfig("{\"runtimeOptions\":{}}"u8.ToArray());
	}

	// ---- redirects -----------------------------------------------------------------------------

	sealed class Answers : HttpMessageHandler
	{
		readonly Uri registry;
		readonly string[] addresses = Texts("address");

		public Answers(Uri registry) => this.registry = registry;

		protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel)
		{
			var to = request.RequestUri!;

			if (to.Scheme != registry.Scheme || to.IdnHost != registry.IdnHost || to.Port != registry.Port)
				throw new Broken($"a request was sent to {to}");
			var answer = new HttpResponseMessage(Pick(new[] { HttpStatusCode.Moved, HttpStatusCode.Redirect, HttpStatusCode.TemporaryRedirect, HttpStatusCode.OK })) {
				RequestMessage = request
			};
			if (Uri.TryCreate(Mutated(Pick(addresses), addresses), UriKind.RelativeOrAbsolute, out var location))
				answer.Headers.Location = location;
			return Task.FromResult(answer);
		}
	}

	static async Task Redirects()
	{
		var registry = new Uri("https://registry.example:8443/v3/index.json");
		var addresses = Texts("address");

		if (!Uri.TryCreate(rng.Next(3) == 0 ? "https://registry.example:8443/x" : Mutated(Pick(addresses), addresses), UriKind.Absolute, out var address))
			return;
		using var invoker = new HttpMessageInvoker(new RegistryHandler(registry, new Answers(registry)));
		try {
			using var answer = await invoker.SendAsync(new HttpRequestMessage(HttpMethod.Get, address), CancellationToken.None);
		} catch (Exception e) when (e is ForeignHostException or UriFormatException or InvalidOperationException) {
		}
	}

	// ---- the registry --------------------------------------------------------------------------

	sealed class Registry : IDisposable
	{
		readonly HttpListener server = new(), other = new();
		readonly string at, elsewhere;
		readonly string[] texts = Texts("index"), nuspecs = Texts("nuspec");
		int asked;

		static string Listen(HttpListener listener)
		{
			for (int port = 20000 + rng.Next(20000); ; port++)
				try {
					listener.Prefixes.Clear();
					listener.Prefixes.Add($"http://127.0.0.1:{port}/");
					listener.Start();
					return $"http://127.0.0.1:{port}/";
				} catch (HttpListenerException) {
				}
		}

		public Registry()
		{
			at = Listen(server);
			elsewhere = Listen(other);
			Serve(server, Answer);
			Serve(other, c => { Interlocked.Increment(ref asked); return Array.Empty<byte>(); });
		}

		static async void Serve(HttpListener listener, Func<HttpListenerContext, byte[]> answer)
		{
			try {
				for (;;) {
					var c = await listener.GetContextAsync();

					try {
						c.Response.Close(answer(c), false);
					} catch (Exception) {
						c.Response.Abort();
					}
				}
			} catch (Exception) {	// closed
			}
		}

		byte[] Answer(HttpListenerContext c)
		{
			lock (this) {
				string path = c.Request.Url!.AbsolutePath;

				if (path.EndsWith(".nupkg", StringComparison.Ordinal))
					return Package();
				string kind = path.EndsWith("/index.json", StringComparison.Ordinal) && path.Contains("/flat/") ? "\"versions\"" : "\"resources\"";
				string text = Pick(texts.Where(t => t.Contains(kind)).ToArray());
				if (rng.Next(3) == 0)
					text = Mutated(text, texts);
				if (rng.Next(15) == 0) {
					c.Response.StatusCode = Pick(new[] { 302, 307, 404, 500 });
					c.Response.AddHeader("Location", Pick(new[] { elsewhere, at, "/x" }));
				}
				return Encoding.UTF8.GetBytes(text.Replace("BASE/", at).Replace("OTHER/", elsewhere));
			}
		}

		byte[] Package()
		{
			var made = new MemoryStream();

			using (var zip = new ZipArchive(made, ZipArchiveMode.Create, true)) {
				Put(zip, "one.nuspec", rng.Next(3) == 0 ? Mutated(Pick(nuspecs), nuspecs) : Pick(nuspecs));
				foreach (string name in new[] { "lib/net8.0/one.dll", "analyzers/dotnet/cs/one.dll", "analyzers/dotnet/one.dll", "analyzers/dotnet/roslyn9.9/cs/x.dll" })
					Put(zip, rng.Next(4) == 0 ? Mutated(name, new[] { "../../../outside", "/outside", name }) : name, "x");
			}
			return rng.Next(4) == 0 ? Mutated(made.ToArray()) : made.ToArray();
		}

		static void Put(ZipArchive zip, string name, string text)
		{
			using var w = new StreamWriter(zip.CreateEntry(name).Open());

			w.Write(text);
		}

		/// <summary>As Packages.Main, in a folder of its own.</summary>
		public async Task Restored()
		{
			string home = Path.GetFullPath("one");
			var before = Directory.GetCurrentDirectory();
			var log = new Messages { Packages = "one 1.0.0" };

			Directory.CreateDirectory(home);
			Directory.SetCurrentDirectory(home);
			try {
				Directory.CreateDirectory(Packages.Folder);
				await Run(log);
			} finally {
				Directory.SetCurrentDirectory(before);
			}
			Check(log, before);
			Directory.Delete(home, true);
		}

		async Task Run(Messages log)
		{
			var run = Task.Run(async () => {
				try {
					var lockFile = await new Restore("net8.0", at + "index.json", log).Run(new[] { ("one", "1.0.0") });

					if (!log.Failed && lockFile is not null)
						new Layer(lockFile, "net8.0").Write();
				} catch (Exception e) when (e is not (NullReferenceException or InvalidCastException)) {
					log.Add(e);
				}
			});

			if (await Task.WhenAny(run, Task.Delay(120000)) != run)
				throw new Broken("NuGet does not end");
			await run;
		}

		void Check(Messages log, string folder)
		{
			if (asked > 0)
				throw new Broken("another host was asked");
			var left = Directory.GetFileSystemEntries(folder).Select(Path.GetFileName).Where(n => n != "one").ToArray();
			var beside = Directory.GetFileSystemEntries(Path.Combine(folder, "one")).Select(Path.GetFileName).Where(n => n is not ("layer" or "obj")).ToArray();
			if (left.Length + beside.Length > 0)
				throw new Broken($"it wrote outside of the layer: {string.Join(", ", left.Concat(beside))}");
			foreach (string line in log.Lines)
				if (line.Contains("://") || line.Contains('\n') || line.Length > 700)
					throw new Broken($"users would read {line}");
		}

		public void Dispose()
		{
			server.Close();
			other.Close();
		}
	}
}
