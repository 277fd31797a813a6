// Job.cs - one compile as the runner sent it, with its files in memory
using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Text;

sealed class Job
{
	public const string Folder = "/work/";

	public uint Number;
	public long CpuLimit, OutputLimit;	// microseconds, bytes; negative: no limit
	/// <summary>By full path.</summary>
	public readonly Dictionary<string, byte[]> Files = new(StringComparer.Ordinal);
	public readonly List<string> Arguments = new();

	/// <summary>Reads up to GO; null at the end of the input.</summary>
	public static Job? Read(Frames frames)
	{
		Job? job = null;
		byte[]? file = null;
		int have = 0;

		while (frames.Read(out var type, out var data)) {
			if (job is null != type is FrameType.Phase)
				throw new InvalidDataException($"{type} out of place");
			switch (type) {
			case FrameType.Phase:
				job = new Job {
					Number = BinaryPrimitives.ReadUInt32LittleEndian(data),
					CpuLimit = LimitOf(data, Limit.Cpu), OutputLimit = LimitOf(data, Limit.Output)
				};
				break;
			case FrameType.File:
				file = new byte[BinaryPrimitives.ReadInt64LittleEndian(data.AsSpan(4))];
				have = 0;
				job!.Files[Full(Encoding.UTF8.GetString(data, 12, data.Length - 12))] = file;
				break;
			case FrameType.Data:
				data.CopyTo(file!, have);
				have += data.Length;
				break;
			case FrameType.Arg:
				job!.Arguments.Add(Encoding.UTF8.GetString(data));
				break;
			case FrameType.Go:
				return job;
			default:
				throw new InvalidDataException($"frame {(int)type} is not one that a compiler receives");
			}
		}
		return null;
	}

	/// <summary>Of a PHASE frame: a u32, then the limits. None has all bits set, and so is negative here; 0 is a limit of 0.</summary>
	static long LimitOf(byte[] data, Limit limit) => BinaryPrimitives.ReadInt64LittleEndian(data.AsSpan(4 + 8 * (int)limit));

	/// <summary>Relative names have no ".." in them: the runner checks that.</summary>
	public static string Full(string name) => name.StartsWith('/') ? name : Folder + Short(name);

	public static string Short(string name) => name.StartsWith("./", StringComparison.Ordinal) ? name.Substring(2) : name;
}
