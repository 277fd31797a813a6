using System.Collections.Concurrent;

var seen = new ConcurrentDictionary<int, int>();
Parallel.For(0, 100, i => seen.AddOrUpdate(i % 7, 1, (_, n) => n + 1));
Console.WriteLine(string.Join(" ", seen.OrderBy(p => p.Key).Select(p => p.Value)));
var t = new Thread(() => Console.WriteLine("in a thread"));
t.Start();
t.Join();
