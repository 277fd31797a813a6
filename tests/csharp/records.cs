var points = new Point[] { new(1, 2), new(3, 4), new(0, 0) };
foreach (var p in points)
	Console.WriteLine(p switch {
		(0, 0) => "origin",
		{ X: > 2, Y: var y } when y % 2 == 0 => $"far, {y}",
		_ => p.ToString()
	});
Console.WriteLine(points[0] with { Y = 9 } == new Point(1, 9));
Console.WriteLine(points[^1] is { X: 0 } and not { Y: 1 });
Range middle = 1..^1;
Console.WriteLine(points[middle].Length);
Span<int> few = stackalloc int[] { 3, 1, 2 };
few.Sort();
Console.WriteLine(string.Join(",", few.ToArray()));
int[] list = [1, .. new[] { 2, 3 }, 4];
Console.WriteLine($"""
	{list.Sum()} "raw"
	""");

record struct Point(int X, int Y);
