Console.WriteLine("no usings");
