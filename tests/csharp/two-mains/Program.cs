class One { static void Main() { } }
