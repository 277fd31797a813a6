#:property Nullable
Console.WriteLine("not run");
