// tries: memory outside of the collector's heap
// limits: memory=128M
// want: memory limit|exited|signalled
// control: replace 1000 2
const all = [];
for (let i = 0; i < 1000; i++) all.push(Buffer.alloc(1 << 20, 1));
console.log(all.length);
