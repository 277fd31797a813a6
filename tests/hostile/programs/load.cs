// tries: the runtime's own: an attach to its diagnostics, memory outside of the heap, a crash
// limits: memory=256M wall=15
// want: signalled|exited|memory limit
// control: replace 4096 1
using System.Runtime.InteropServices;
var all = new List<nint>();
for (var i = 0; i < 4096; i++) { var p = Marshal.AllocHGlobal(1 << 20); for (var n = 0; n < 1 << 20; n += 4096) Marshal.WriteByte(p, n, 1); all.Add(p); }
Console.WriteLine(all.Count);
