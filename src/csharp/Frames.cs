// Frames.cs - the frames of src/wire/resident.h, on two streams
//
// Their numbers and the order of their fields are in Facts.cs, which is generated. A broken rule
// of the protocol ends the program: the runner starts another.
using System;
using System.Buffers.Binary;
using System.IO;
using System.Text;

sealed class Frames
{
	const int Mode = 0x1A4;	// 0644, of an output file

	readonly Stream input, output;
	readonly byte[] head = new byte[Wire.HeaderBytes];

	public Frames(Stream input, Stream output)
	{
		this.input = new BufferedStream(input, 2 * Wire.MaxBytes);
		this.output = new BufferedStream(output, 4 * Wire.MaxBytes);
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
		input.ReadExactly(head, 1, head.Length - 1);
		uint length = BinaryPrimitives.ReadUInt32LittleEndian(head.AsSpan(4));
		if (head[1] != 0 || head[2] != 0 || head[3] != 0 || length > Wire.MaxBytes)
			throw new InvalidDataException("invalid frame header");
		type = (FrameType)head[0];
		data = new byte[length];
		input.ReadExactly(data, 0, data.Length);
		return true;
	}

	void Write(FrameType type, FrameStream stream, ReadOnlySpan<byte> data)
	{
		Span<byte> h = stackalloc byte[Wire.HeaderBytes];

		h.Clear();
		h[0] = (byte)type;
		h[1] = (byte)stream;
		BinaryPrimitives.WriteUInt32LittleEndian(h.Slice(4), (uint)data.Length);
		output.Write(h);
		output.Write(data);
	}

	/// <summary>Frames of at most MaxBytes each.</summary>
	void WritePieces(FrameType type, FrameStream stream, ReadOnlySpan<byte> data)
	{
		for (int n; data.Length > 0; data = data.Slice(n)) {
			n = Math.Min(data.Length, Wire.MaxBytes);
			Write(type, stream, data.Slice(0, n));
		}
	}

	public void Flush() => output.Flush();

	public void Ready(string name)
	{
		var data = new byte[4 + Encoding.UTF8.GetByteCount(name)];

		BinaryPrimitives.WriteUInt32LittleEndian(data, Wire.ResidentVersion);
		Encoding.UTF8.GetBytes(name, data.AsSpan(4));
		Write(FrameType.Ready, FrameStream.None, data);
		Flush();
	}

	public void Diagnostics(ReadOnlySpan<byte> text) => WritePieces(FrameType.Out, FrameStream.Compile, text);

	public void Gap(long missing)
	{
		var data = new byte[8];

		BinaryPrimitives.WriteInt64LittleEndian(data, missing);
		Write(FrameType.Gap, FrameStream.Compile, data);
	}

	public void OutputFile(string name, ReadOnlySpan<byte> content)
	{
		var data = new byte[12 + Encoding.UTF8.GetByteCount(name)];

		BinaryPrimitives.WriteUInt32LittleEndian(data, Mode);
		BinaryPrimitives.WriteInt64LittleEndian(data.AsSpan(4), content.Length);
		Encoding.UTF8.GetBytes(name, data.AsSpan(12));
		Write(FrameType.File, FrameStream.None, data);
		WritePieces(FrameType.Data, FrameStream.None, content);
	}

	public void End(EndFrame end)
	{
		var fields = end.InOrder();
		var data = new byte[8 * fields.Length];

		for (int i = 0; i < fields.Length; i++)
			BinaryPrimitives.WriteInt64LittleEndian(data.AsSpan(8 * i), fields[i]);
		Write(FrameType.End, FrameStream.None, data);
		Flush();
	}

	public void Trouble(string text)
	{
		var data = Encoding.UTF8.GetBytes(text.Replace('\0', ' '));

		Write(FrameType.Trouble, FrameStream.None, data.AsSpan(0, Math.Min(data.Length, 300)));
		Flush();
	}
}
