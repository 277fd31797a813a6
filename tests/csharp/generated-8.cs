using System.Text.RegularExpressions;

Console.WriteLine(Words.Pattern().Replace("a1b22", "-"));

partial class Words
{
	[GeneratedRegex(@"\d+")]
	public static partial Regex Pattern();
}
