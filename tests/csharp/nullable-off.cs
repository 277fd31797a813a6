#nullable disable
string s = null;
Console.WriteLine(s?.Length ?? -1);
#nullable enable
string t = null;
Console.WriteLine(t?.Length ?? -2);
