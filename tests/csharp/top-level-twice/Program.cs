Console.WriteLine("one");
