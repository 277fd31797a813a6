Console.WriteLine("after a byte order mark");
int x = undefined;
