var größe = "Übergröße € 😀 日本語";
Console.WriteLine(größe);
Console.WriteLine(größe.Length);
Console.Error.WriteLine("Fehler: ä");
var line = Console.ReadLine()!;
Console.WriteLine($"{line} {line.Length} {string.Join(" ", line.EnumerateRunes().Select(r => r.Value.ToString("x")))}");
