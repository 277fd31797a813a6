var few = Random.Shared.GetItems(new[] { 1 }, 3);
ArgumentException.ThrowIfNullOrEmpty("x");
Console.WriteLine(few.Length + " " + Environment.Version.Major.ToString().Length);
