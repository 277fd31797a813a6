Console.WriteLine("a");
#:property Nullable=disable
