try {
	Environment.Exit(3);
} finally {
	Console.WriteLine("not printed");
}
