var tree = new Tree<string>(StringComparer.Ordinal);
foreach (var word in "the quick brown fox jumps over the lazy dog".Split(' '))
	tree.Add(word);
Console.WriteLine(string.Join(" ", tree));
Console.WriteLine(Apply(x => x * 2, 21) + Fold(new[] { 1, 2, 3 }, 0, (a, b) => a + b));

static T Apply<T>(Func<T, T> f, T x) => f(x);
static A Fold<A, E>(IEnumerable<E> all, A start, Func<A, E, A> f) { foreach (var e in all) start = f(start, e); return start; }

class Tree<T> : IEnumerable<T>
{
	class Node { public T Value; public Node? Left, Right; public Node(T v) => Value = v; }
	readonly IComparer<T> order;
	Node? root;
	public Tree(IComparer<T> order) => this.order = order;
	public void Add(T value)
	{
		ref Node? at = ref root;
		while (at != null) {
			int c = order.Compare(value, at.Value);
			if (c == 0) return;
			at = ref c < 0 ? ref at.Left : ref at.Right;
		}
		at = new Node(value);
	}
	IEnumerable<T> Walk(Node? n)
	{
		if (n == null) yield break;
		foreach (var v in Walk(n.Left)) yield return v;
		yield return n.Value;
		foreach (var v in Walk(n.Right)) yield return v;
	}
	public IEnumerator<T> GetEnumerator() => Walk(root).GetEnumerator();
	System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
}
