// tries: a fork bomb by worker threads
// limits: processes=40 memory=256M cpu=2 wall=6
// want: time limit|process limit|memory limit|signalled|exited
// control: replace 1000 1
const { Worker } = require("worker_threads");
for (let i = 0; i < 1000; i++) new Worker("0", { eval: true }).on("error", () => process.exit(1));
