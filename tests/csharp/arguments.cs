Console.WriteLine(args.Length);
foreach (var a in args)
	Console.WriteLine($"[{a}]");
