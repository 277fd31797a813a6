Outer(3);

static void Outer(int n)
{
	if (n == 0)
		throw new InvalidOperationException("with the line that threw it");
	Outer(n - 1);
}
