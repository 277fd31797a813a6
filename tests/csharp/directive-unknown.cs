#:nonsense
Console.WriteLine("not run");
