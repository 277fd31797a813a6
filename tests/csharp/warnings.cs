#warning here is one
using System.Text;

int unused = 1;
string? maybe = args.Length > 5 ? "x" : null;
Console.WriteLine("length " + Length(maybe));
old();
#pragma warning disable CS0219
int silent = 2;
#pragma warning restore CS0219

static int Length(string s) => s == null ? 0 : s.Length;

[Obsolete("use another")]
static void old() { }

class Holder { public string Name { get; set; } private int never; }
