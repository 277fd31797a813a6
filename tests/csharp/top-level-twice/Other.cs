Console.WriteLine("two");
