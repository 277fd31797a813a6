unsafe {
	int n = 1;
	int* p = &n;
	Console.WriteLine(*p);
}
