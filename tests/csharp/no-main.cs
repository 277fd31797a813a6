class Nothing { void M() { } }
