// WarmUp.cs - programs that are compiled before the first job
//
// Two varied programs make the next compile fifty times faster; more would only cost memory. The
// last one has mistakes, because most programs that people try have some.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;

static class WarmUp
{
	const string Tiny = """
		using System;
		using System.Collections.Generic;
		using System.Linq;
		using System.Threading.Tasks;
		class Program { static async Task Main(string[] args) { await Task.Delay(0); foreach (var a in args.Where(s => s.Length > 1)) Console.WriteLine($"{a} {new List<int>().Count}"); } }
		""";

	const string Small = """
		using System.Text;
		Console.WriteLine("passed arguments:");
		foreach (var arg in args) Console.WriteLine(arg);
		await Task.Delay(0);
		string? line = Console.ReadLine();
		var counts = new Dictionary<string, int>();
		for (var i = 0; i < 5; i++) { Console.WriteLine($"counter: {i,4:x} {line?.Length ?? 0}"); counts[$"{i}"] = i; }
		var text = new StringBuilder();
		foreach (var (name, n) in counts.Where(c => c.Value > 1).OrderByDescending(c => c.Key)) text.Append(name).Append(n);
		int Add(int a, int b = 2) => a + b;
		try { Console.Error.WriteLine(text.ToString() + Add(1) + int.Parse("3")); } catch (FormatException e) { throw new Exception(e.Message, e); }
		return counts.Count > 3 ? 0 : 1;
		""";

	const string Large = """
		namespace Shapes
		{
			public interface IShape { double Area { get; } }
			public abstract record Shape(string Name) : IShape { public abstract double Area { get; } }
			public sealed record Circle(double R) : Shape("circle") { public override double Area => Math.PI * R * R; }
			public sealed record Box(double W, double H) : Shape("box") { public override double Area => W * H; }
			public struct Point { public int X, Y; public static Point operator +(Point a, Point b) => new Point { X = a.X + b.X, Y = a.Y + b.Y }; }
			public enum Kind { One, Two = 4 }
			public class Stack<T> where T : IComparable<T>
			{
				private readonly List<T> items = new();
				public event Action<T>? Pushed;
				public T this[int i] { get => items[i]; set => items[i] = value; }
				public void Push(T item) { items.Add(item); Pushed?.Invoke(item); }
				public IEnumerable<T> All() { foreach (var i in items) yield return i; }
				public T Max() { T best = items[0]; foreach (var i in items) if (i.CompareTo(best) > 0) best = i; return best; }
			}
			static class Extensions { public static int Twice(this int n) => n * 2; }
			class Program
			{
				static readonly object door = new();
				static async Task<int> Later(int n) { await Task.Yield(); return n.Twice(); }
				static string Describe(object o) => o switch { Circle { R: > 1 } c => $"big {c.Name}", Shape s => s.Name, int i when i > 3 => "many", null => "none", _ => o.ToString() ?? "" };
				static async Task Main(string[] args)
				{
					var shapes = new Shape[] { new Circle(2), new Box(1, 2) };
					var byName = from s in shapes where s.Area > 1 group s by s.Name into g orderby g.Key select new { g.Key, Sum = g.Sum(x => x.Area) };
					foreach (var b in byName) Console.WriteLine($"{b.Key}: {b.Sum:F2}");
					var stack = new Stack<int>(); stack.Pushed += i => Console.WriteLine(i);
					for (int i = 0, j = 10; i < j; i++, j--) stack.Push(i * j);
					int[] numbers = Enumerable.Range(1, 20).Where(n => n % 2 == 1).Select(n => n * n).ToArray();
					Span<int> part = numbers.AsSpan(1, 3); part[0] = 1;
					var all = await Task.WhenAll(numbers.Take(3).Select(Later));
					lock (door) { checked { Console.WriteLine(all.Sum() + stack.All().Count() + stack.Max()); } }
					using var reader = new StringReader("a,b\nc"); string? line;
					while ((line = reader.ReadLine()) != null) Console.WriteLine(string.Join("|", line.Split(',')));
					object[] things = { 1, "two", 3.0, Kind.Two, new Point() + new Point() };
					foreach (var t in things) Console.WriteLine(Describe(t));
					(int low, int high) = (numbers.Min(), numbers.Max()); Func<int, Func<int, int>> add = a => b => a + b;
					switch (low) { case 1: goto default; default: Console.WriteLine(add(low)(high)); break; }
					try { _ = numbers[high]; } catch (IndexOutOfRangeException) when (high > 0) { } finally { Console.Out.Flush(); }
					Environment.ExitCode = 0;
				}
			}
		}
		""";

	const string Wrong = """
		using System.Text;
		int x = "a"; Console.Writeline(y); string s = null; var unused = 1;
		class A { void M() { int n; return 1; } }
		""";

	public static void Run(string[] options)
	{
		foreach (var text in new[] { Small, Large, Small, Wrong })
			Compile(options, text);
	}

	public static void CompileTiny(string[] options) => Compile(options, Tiny);

	static void Compile(string[] options, string text)
	{
		var job = new Job();

		job.Files[Job.Folder + "Program.cs"] = Encoding.UTF8.GetBytes(text);
		job.Arguments.AddRange(options);
		job.Arguments.Add("Program.cs");
		Compiler.Compile(job);
	}

	static Queue<string[]>? otherFrameworks;

	/// <summary>The options for each other framework that setup.sh prepared, newest first. They differ only in
	/// the name of the response file.</summary>
	public static Queue<string[]> OtherFrameworks(string[] options) => otherFrameworks ??= new Queue<string[]>(Frameworks()
		.Select(f => Array.ConvertAll(options, o => o.StartsWith('@') ? $"@{AppContext.BaseDirectory}{f}.rsp" : o))
		.Where(o => !o.SequenceEqual(options)));

	static IEnumerable<string> Frameworks()
	{
		string list = Path.Combine(AppContext.BaseDirectory, "frameworks");

		return File.Exists(list) ? File.ReadAllLines(list).Reverse() : Array.Empty<string>();
	}
}
