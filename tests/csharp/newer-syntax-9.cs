var text = """
	raw
	""";
int[] list = [1, 2];
Console.WriteLine(text + list.Length);

class Person(string name) { public string Name { get; init; } = name; }
static class E { extension(string s) { public int Twice => s.Length * 2; } }
