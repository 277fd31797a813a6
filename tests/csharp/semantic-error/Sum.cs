public class Sum : IDisposable
{
	public int Add(int a, int b) { return a + c; }
	public void Never() { int unused; unused = 1; }
	int Missing() { }
}
