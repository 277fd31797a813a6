using System;
string s = null;
Console.WriteLine(s ?? "nullable is off");
var p = new P(1);
Console.WriteLine(p with { X = 2 });
record P(int X);
