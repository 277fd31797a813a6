using System.Text.RegularExpressions;

foreach (Match m in Words.Pattern().Matches("one 22 three 4444"))
	Console.WriteLine(m.Value);
Console.WriteLine(Words.Pattern().GetType().Namespace);

partial class Words
{
	[GeneratedRegex(@"\d+")]
	public static partial Regex Pattern();
}
