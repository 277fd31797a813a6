// tries: the interpreter's own bindings and another one's process
// want: exited 0
// control: none only what comes after counts
for (const f of [() => process.kill(1, 9), () => process.setuid(0), () => process.chroot,
  () => process.binding("process_wrap"), () => process._debugProcess(1), () => process.dlopen({ exports: {} }, "/proc/1/exe")])
  try { f(); } catch { }
process.on("SIGTERM", () => { });
setTimeout(() => process.exit(0), 50);
