// tries: the build runs commands and reads files of others, by properties of its project
// want: compile error|exited 0
// control: none the marker's absence is looked for by the program itself
if (File.Exists("/tmp/hostile-marker") || File.Exists("/work/hostile-marker")) Console.WriteLine("got: a command of the build");
foreach (var f in Directory.GetFiles("/work")) if (f.EndsWith("passwd")) Console.WriteLine("got: " + f);
