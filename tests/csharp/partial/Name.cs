partial class Program
{
	private static partial string Name() => new Text("partial").Append(Hidden.Value).ToString();
}

file class Hidden { public const int Value = 2; }
