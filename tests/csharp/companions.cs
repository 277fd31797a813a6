Console.WriteLine(File.ReadAllText("app.deps.json"));
Console.WriteLine(File.ReadAllText("app.runtimeconfig.json"));
Console.WriteLine(typeof(Program).Assembly.GetName());
Console.WriteLine(Environment.Version.Major >= 10);
