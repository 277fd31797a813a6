global using Text = System.Text.StringBuilder;

partial class Program
{
	static void Main() => Console.WriteLine(new Text().Append(Name()).Append(Hidden.Value));
	private static partial string Name();
}

file class Hidden { public const int Value = 1; }
