// tries: foreground threads that never end
// limits: wall=3 cpu=2
// want: time limit
// control: replace Timeout.Infinite 1
for (var i = 0; i < 5; i++) new Thread(() => Thread.Sleep(Timeout.Infinite)).Start();
