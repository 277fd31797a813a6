#!/usr/bin/env dotnet
// settings of a project, as people keep them in a file
#:property LangVersion=preview
#:property AllowUnsafeBlocks=true
#:property DefineConstants=$(DefineConstants);FIRST;SECOND
#:property InvariantGlobalization=true
#:property ServerGarbageCollection=false
#:property NoWarn=$(NoWarn);CS0219
#:property PublishAot=false
int unused = 1;
#if FIRST && SECOND && TRACE
Console.WriteLine("defined");
#endif
unsafe {
	int x = 3;
	int* p = &x;
	Console.WriteLine(*p);
}
AppContext.TryGetSwitch("System.Globalization.Invariant", out bool invariant);
Console.WriteLine(invariant);
