using Shapes;

namespace App;

static class Program
{
	static void Main(string[] args)
	{
		Shape[] all = { new Circle(1), new Box(2, 3) };
		foreach (var s in all)
			Console.WriteLine($"{s.Name} {s.Area.ToString("F3", System.Globalization.CultureInfo.InvariantCulture)}");
	}
}
