New.Old();
New.Gone();

static class New
{
	[Obsolete("use Young", DiagnosticId = "MY001", UrlFormat = "https://example.org/{0}")]
	public static void Old() { }
	[Obsolete("it is gone", true)]
	public static void Gone() { }
}
