#if NET6_0
Console.WriteLine("NET6_0");
#endif
#if NET10_0
Console.WriteLine("NET10_0");
#endif
#if NET5_0_OR_GREATER
Console.WriteLine("5 or greater");
#endif
#if NETCOREAPP3_1
Console.WriteLine("NETCOREAPP3_1");
#endif
#if DEBUG
Console.WriteLine("DEBUG");
#endif
Console.WriteLine(AppContext.TargetFrameworkName);
