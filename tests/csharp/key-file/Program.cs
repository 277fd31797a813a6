[assembly: System.Reflection.AssemblyKeyFile("key.snk")]
Console.WriteLine("signed");
