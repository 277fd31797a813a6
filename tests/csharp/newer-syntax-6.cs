var text = """
	raw
	""";
int[] list = [1, 2];
Console.WriteLine(text + list.Length);

class Person(string name) { public required string Name { get; init; } = name; }
