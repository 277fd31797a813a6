#:property TreatWarningsAsErrors=true
#:property WarningsNotAsErrors=CS0168
int unused = 1;
try { Console.WriteLine("not run"); } catch (Exception e) { }
