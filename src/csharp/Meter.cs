// Meter.cs - what a compile used, and the watch over its cpu time
//
// The runner's own timer bounds the wall time, the box the memory; a limit of cpu time
// is kept from inside, since only here one compile is told from the one before.
using System;
using System.Diagnostics;
using System.Threading;

sealed class Meter : IDisposable
{
	const int TickMs = 20;

	readonly Process self = Process.GetCurrentProcess();
	readonly Stopwatch wall = Stopwatch.StartNew();
	readonly long cpuBefore;
	readonly Timer? timer;
	long peak;

	public Meter(Job job, Action<Job, Meter, How> over)
	{
		cpuBefore = Cpu();
		Look();
		if (job.CpuLimit > 0)
			timer = new Timer(_ => { Look(); if (Used() > job.CpuLimit) over(job, this, How.CpuLimit); }, null, TickMs, TickMs);
	}

	long Cpu()
	{
		self.Refresh();
		return (long)self.TotalProcessorTime.TotalMicroseconds;
	}

	long Used() => Cpu() - cpuBefore;

	void Look() => peak = Math.Max(peak, Environment.WorkingSet);

	public void Stop()
	{
		timer?.Dispose();
		wall.Stop();
		Look();
	}

	public void Dispose() => timer?.Dispose();

	public long[] Fields(Job job, How how, int status, long words, long dropped)
	{
		var f = new long[Place.EndFields];

		f[Place.EndJob] = job.Number;
		f[Place.EndHow] = (long)how;
		f[Place.EndStatus] = status;
		f[Place.EndCpu] = Used();
		f[Place.EndWall] = (long)wall.Elapsed.TotalMicroseconds;
		f[Place.EndPeak] = peak;
		f[Place.EndHit] = how == How.CpuLimit ? 1 << Place.LimitCpu : how == How.MemoryLimit ? 1 << Place.LimitMemory
			: dropped > 0 ? 1 << Place.LimitOutput : 0;
		f[Place.EndOut] = words;
		f[Place.EndDropped] = dropped;
		return f;
	}
}
