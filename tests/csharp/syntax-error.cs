using System;

class Program
{
	static void Main()
	{
		Console.WriteLine("one")
		int x = ;
		if (x > 0 {
			Console.WriteLine(y);
		}
	}
}
