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

	/// <summary>A file whose content is being received.</summary>
	sealed class Receiving
	{
		public readonly string Path;
		readonly long size;
		readonly MemoryStream content = new();

		public Receiving(byte[] data)
		{
			Check(data.Length > 12, "a file without a name");
			size = BinaryPrimitives.ReadInt64LittleEndian(data.AsSpan(4));
			Check(size is >= 0 and <= int.MaxValue, "a file's size");
			Path = Full(Encoding.UTF8.GetString(data, 12, data.Length - 12));
		}

		public void Add(byte[] data)
		{
			Check(data.Length <= size - content.Length, "a file's content");
			content.Write(data);
		}

		public byte[] Whole()
		{
			Check(content.Length == size, "a file's content");
			return content.ToArray();
		}
	}

	static void Check(bool valid, string what)
	{
		if (!valid)
			throw new InvalidDataException($"invalid: {what}");
	}

	/// <summary>Reads up to GO; null at the end of the input. InvalidDataException or EndOfStreamException for what is no job.</summary>
	public static Job? Read(Frames frames)
	{
		Job? job = null;
		Receiving? file = null;

		while (frames.Read(out var type, out var data)) {
			Check(job is null == type is FrameType.Phase, $"{type} out of place");
			if (type is not FrameType.Data && file is not null) {
				job!.Files[file.Path] = file.Whole();
				file = null;
			}
			switch (type) {
			case FrameType.Phase:
				Check(data.Length >= 4 + 8 * Wire.Limits, "the limits");
				job = new Job {
					Number = BinaryPrimitives.ReadUInt32LittleEndian(data),
					CpuLimit = LimitOf(data, Limit.Cpu), OutputLimit = LimitOf(data, Limit.Output)
				};
				break;
			case FrameType.File:
				file = new Receiving(data);
				break;
			case FrameType.Data:
				Check(file is not null, "content without a file");
				file!.Add(data);
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
