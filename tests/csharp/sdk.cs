#:sdk Microsoft.NET.Sdk
Console.WriteLine("the usual one");
