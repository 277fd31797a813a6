#:property Company=Those who made it
#:property Version=3.2.1
using System.Reflection;

var own = Assembly.GetExecutingAssembly();
Console.WriteLine(own.GetCustomAttribute<AssemblyCompanyAttribute>()!.Company);
Console.WriteLine(own.GetName().Version);
