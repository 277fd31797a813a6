class Program
{
	static async Task<int> Main(string[] args)
	{
		var all = await Task.WhenAll(Enumerable.Range(1, 5).Select(async n => { await Task.Delay(n); return n * n; }));
		await foreach (var n in Count(3))
			Console.WriteLine($"step {n}");
		Console.WriteLine(all.Sum());
		return 4;
	}

	static async IAsyncEnumerable<int> Count(int to)
	{
		for (int i = 0; i < to; i++) {
			await Task.Yield();
			yield return i;
		}
	}
}
