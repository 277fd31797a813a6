using System.Text.RegularExpressions;

int unused = 3;
Console.WriteLine(Words.Pattern().IsMatch("x"));

partial class Words
{
	[GeneratedRegex(@"(\d+")]
	public static partial Regex Pattern();

	[GeneratedRegex("a")]
	public static Regex NotPartial() => null!;
}
