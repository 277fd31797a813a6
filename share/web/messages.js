// messages.js - finds messages of compilers and interpreters that name a line
//
// Searches the text of standard error for messages that name a line of one of the program's files:
//
//     main.c:3:5: error: ...          gcc, g++, clang
//     Program.cs(3,5): error CS1002: ...    the C# and the TypeScript compiler
//       File "/work/lib/a.py", line 3   Python; the message is the last line of the traceback
//     /work/lib/a.js:3                 Node.js; the message is some lines below
//     main.sh: line 3: ...             Bash
//        at ... in /work/Program.cs:line 3    .NET, below the message

const MOST = 100;

const name = (path) => path.replace(/^(?:\.\/|\/work\/)/, "");

const kinds = [
	{ at: /^(.+?):(\d+):(?:(\d+):)? (fatal error|error|warning): (.*)$/,
	  make: (m) => ({ file: m[1], line: +m[2], column: +(m[3] ?? 0), kind: m[4] === "warning" ? "warning" : "error", text: m[5] }) },
	{ at: /^(.+?)\((\d+),(\d+)\): (error|warning) ([A-Z]+\d+: .*)$/,
	  make: (m) => ({ file: m[1], line: +m[2], column: +m[3], kind: m[4], text: m[5].replace(/ \[[^\]]*\]$/, "") }) },
	{ at: /^ {2}File "(.+?)", line (\d+)/,
	  make: (m, lines, i) => ({ file: m[1], line: +m[2], column: 0, kind: "error", text: raised(lines, i), trace: "in" }) },
	{ at: /^(\/work\/\S+):(\d+)$/,
	  make: (m, lines, i) => ({ file: m[1], line: +m[2], column: 0, kind: "error", text: thrown(lines, i) }) },
	{ at: /^(\S+): line (\d+): (.*)$/,
	  make: (m) => ({ file: m[1], line: +m[2], column: 0, kind: "error", text: m[3] }) },
	{ at: /^ {3}at .* in (.+?):line (\d+)$/,
	  make: (m, lines, i) => ({ file: m[1], line: +m[2], column: 0, kind: "error", text: unhandled(lines, i), trace: "out" }) },
];

// Python: the first line below that is not indented ends the traceback.
function raised(lines, i) {
	while (++i < lines.length)
		if (/^\S/.test(lines[i]))
			return lines[i];
	return "";
}

// Node.js: "SyntaxError: ..." beneath the line and its arrow.
function thrown(lines, i) {
	const end = Math.min(i + 12, lines.length);
	while (++i < end)
		if (/^(?:Uncaught )?[\w.]*(?:Error|Exception)\b/.test(lines[i]))
			return lines[i];
	return "";
}

function unhandled(lines, i) {
	while (i-- > 0)
		if (!/^ {3}at /.test(lines[i]))
			return lines[i].replace(/^Unhandled exception\. /, "");
	return "";
}

// Of a traceback, keeps only the innermost line in the user's files: the last one for Python, the first
// for .NET.
function innermost(found) {
	return found.filter((m, i) => {
		const next = m.trace === "in" ? found[i + 1] : found[i - 1];
		return !(m.trace && next?.trace === m.trace && next.text === m.text);
	});
}

// Returns [{ file, line, column, kind, text }] for the named files; line and column count from 1, column 0: unknown
export function messages(text, files) {
	const lines = text.split(/\r?\n/), found = [];

	for (let i = 0; i < lines.length && found.length < MOST; i++)
		for (const kind of kinds) {
			const m = lines[i].length < 2000 ? kind.at.exec(lines[i]) : null;
			if (!m)
				continue;
			const one = kind.make(m, lines, i);
			one.file = name(one.file);
			if (files.includes(one.file) && one.text)
				found.push(one);
			break;
		}
	return innermost(found);
}
