// tries: memory of the collector's heap
// limits: memory=128M cpu=4 wall=10
// want: memory limit|signalled 6|signalled 5|exited
// control: replace 1e9 1e4
const all = [];
for (let i = 0; i < 1e9; i++) all.push({ i });
console.log(all.length);
