// tries: time by promises that never let go of the loop
// limits: cpu=500ms wall=20
// want: time limit; hit cpu
// control: replace Infinity 10
let n = 0;
(async () => { while (n++ < Infinity) await null; })();
