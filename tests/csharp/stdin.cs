int sum = 0, lines = 0;
string? line;
while ((line = Console.ReadLine()) != null) {
	sum += line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Sum(int.Parse);
	lines++;
}
Console.WriteLine($"{lines} lines, {sum}");
