// Frames.cs - the frames of src/wire/resident.h, on two streams
//
// Whatever breaks a rule of the protocol ends the program: the runner takes another.
using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Text;

enum FrameType : byte
{
	File = 3, Data = 4, Phase = 5, Arg = 6, Go = 8,
	Ready = 32, Out = 34, Gap = 35, End = 36, Trouble = 39
}

/// <summary>How a compile ended, by the numbers of frame.h's enum frame_how.</summary>
enum How { Exited = 0, CpuLimit = 2, MemoryLimit = 4 }

/// <summary>Places in FRAME_PHASE's limits (limit.h), in FRAME_END (frame.h).</summary>
static class Place
{
	public const int LimitCpu = 0, LimitMemory = 2, LimitOutput = 4;
	public const int EndJob = 0, EndHow = 1, EndStatus = 2, EndCpu = 3, EndWall = 4, EndPeak = 5,
		EndHit = 8, EndOut = 9, EndDropped = 11, EndFields = 12;
}

sealed class Frames
{
	public const int Version = 1, Max = 65536;
	const byte StreamCompile = 3;

	readonly Stream input, output;
	readonly byte[] head = new byte[8];

	public Frames(Stream input, Stream output)
	{
		this.input = new BufferedStream(input, 2 * Max);
		this.output = new BufferedStream(output, 4 * Max);
	}

	/// <summary>The next frame; false at the end of the input.</summary>
	public bool Read(out FrameType type, out byte[] data)
	{
		int first = input.ReadByte();

		type = default;
		data = Array.Empty<byte>();
		if (first < 0)
			return false;
		head[0] = (byte)first;
		input.ReadExactly(head, 1, 7);
		uint length = BinaryPrimitives.ReadUInt32LittleEndian(head.AsSpan(4));
		if (head[1] != 0 || head[2] != 0 || head[3] != 0 || length > Max)
			throw new InvalidDataException("what came in is no frame");
		type = (FrameType)head[0];
		data = new byte[length];
		input.ReadExactly(data, 0, data.Length);
		return true;
	}

	void Write(FrameType type, byte stream, ReadOnlySpan<byte> data)
	{
		Span<byte> h = stackalloc byte[8];

		h.Clear();
		h[0] = (byte)type;
		h[1] = stream;
		BinaryPrimitives.WriteUInt32LittleEndian(h.Slice(4), (uint)data.Length);
		output.Write(h);
		output.Write(data);
	}

	/// <summary>Frames that hold at most Max bytes each.</summary>
	void WritePieces(FrameType type, byte stream, ReadOnlySpan<byte> data)
	{
		for (int n; data.Length > 0; data = data.Slice(n)) {
			n = Math.Min(data.Length, Max);
			Write(type, stream, data.Slice(0, n));
		}
	}

	public void Flush() => output.Flush();

	public void Ready(string name)
	{
		var data = new byte[4 + Encoding.UTF8.GetByteCount(name)];

		BinaryPrimitives.WriteUInt32LittleEndian(data, Version);
		Encoding.UTF8.GetBytes(name, data.AsSpan(4));
		Write(FrameType.Ready, 0, data);
		Flush();
	}

	public void Words(ReadOnlySpan<byte> text) => WritePieces(FrameType.Out, StreamCompile, text);

	public void Gap(long missing)
	{
		var data = new byte[8];

		BinaryPrimitives.WriteInt64LittleEndian(data, missing);
		Write(FrameType.Gap, StreamCompile, data);
	}

	public void Product(string name, ReadOnlySpan<byte> content)
	{
		var data = new byte[12 + Encoding.UTF8.GetByteCount(name)];

		BinaryPrimitives.WriteUInt32LittleEndian(data, 0x1A4);	// 0644
		BinaryPrimitives.WriteInt64LittleEndian(data.AsSpan(4), content.Length);
		Encoding.UTF8.GetBytes(name, data.AsSpan(12));
		Write(FrameType.File, 0, data);
		WritePieces(FrameType.Data, 0, content);
	}

	public void End(IReadOnlyList<long> fields)
	{
		var data = new byte[8 * Place.EndFields];

		for (int i = 0; i < Place.EndFields; i++)
			BinaryPrimitives.WriteInt64LittleEndian(data.AsSpan(8 * i), fields[i]);
		Write(FrameType.End, 0, data);
		Flush();
	}

	public void Trouble(string text)
	{
		var data = Encoding.UTF8.GetBytes(text.Replace('\0', ' '));

		Write(FrameType.Trouble, 0, data.AsSpan(0, Math.Min(data.Length, 300)));
		Flush();
	}
}
