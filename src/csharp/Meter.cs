// Meter.cs - measures what a compile uses, and enforces its limit of cpu time
//
// The runner's timer limits the wall time, the box the memory. The cpu time is limited here, because
// only this process can tell one compile from the one before.
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

	public Meter(Job job, Action<Job, Meter, How> exceeded)
	{
		cpuBefore = Cpu();
		Sample();
		if (job.CpuLimit >= 0)
			timer = new Timer(_ => { Sample(); if (Used() > job.CpuLimit) exceeded(job, this, How.CpuLimit); }, null, TickMs, TickMs);
	}

	long Cpu()
	{
		self.Refresh();
		return (long)self.TotalProcessorTime.TotalMicroseconds;
	}

	long Used() => Cpu() - cpuBefore;

	void Sample() => peak = Math.Max(peak, Environment.WorkingSet);

	public void Stop()
	{
		timer?.Dispose();
		wall.Stop();
		Sample();
	}

	public void Dispose() => timer?.Dispose();

	public EndFrame End(Job job, How how, int status, long outputBytes, long dropped) => new() {
		Phase = job.Number, How = (long)how, Status = status,
		CpuUs = Used(), WallUs = (long)wall.Elapsed.TotalMicroseconds, Peak = peak,
		Exceeded = how == How.CpuLimit ? Bit(Limit.Cpu) : how == How.MemoryLimit ? Bit(Limit.Memory) : dropped > 0 ? Bit(Limit.Output) : 0,
		ErrBytes = outputBytes, Dropped = dropped
	};

	static long Bit(Limit limit) => 1L << (int)limit;
}
