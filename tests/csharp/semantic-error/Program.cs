using Nothing.Here;

int x = "text";
Console.Writeline(x);
var s = new Sum();
s.Add(1, 2, 3);
string? unknown = null;
Undefined(unknown.Length);
foreach (var n in 5) { }
return "no";
