#:sdk Microsoft.NET.Sdk.Web
Console.WriteLine("not run");
