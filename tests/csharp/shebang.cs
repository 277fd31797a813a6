#!/usr/bin/env dotnet
#:property LangVersion=latest
Console.WriteLine("from a script");
