using System.Text.Json;
using System.Text.Json.Serialization;

var p = JsonSerializer.Deserialize("""{"name":"Ann","tags":["a","b"]}""", Known.Default.Person)!;
Console.WriteLine(p.Name + " " + p.Tags.Length);
Console.WriteLine(JsonSerializer.Serialize(p, Known.Default.Person));

record Person(string Name, string[] Tags);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Person))]
partial class Known : JsonSerializerContext { }
