class Two { static void Main(string[] args) { } }
