Console.WriteLine("дц not UTF-8".Length);
