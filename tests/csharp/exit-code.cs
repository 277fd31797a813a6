Environment.ExitCode = 9;
Console.WriteLine("set to 9");
