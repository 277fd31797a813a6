#:property TargetFramework=net8.0
#if NET8_0
Console.WriteLine("eight");
#endif
Console.WriteLine(AppContext.TargetFrameworkName);
Console.WriteLine(System.IO.File.ReadAllText("app.runtimeconfig.json").Contains("\"8.0.0\""));
