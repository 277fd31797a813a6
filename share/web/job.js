// job.js - makes a job of cee-job(5) from the fields of the form, and the fields from a job
//
// Invalid fields are thrown as an Error with a message for the user.

export const IMAGES = "*.png *.jpg *.jpeg *.gif *.webp";

// Splits a line as a shell would: white space, quotes of both kinds, a backslash before one character.
export function splitArguments(line) {
	const out = [];
	let word = null, quote = "";

	for (let i = 0; i < line.length; i++) {
		const c = line[i];
		if (c === "\\" && quote !== "'") {
			word = (word ?? "") + (line[++i] ?? "\\");
		} else if (quote) {
			if (c === quote)
				quote = "";
			else
				word += c;
		} else if (c === "'" || c === '"') {
			quote = c;
			word ??= "";
		} else if (/\s/.test(c)) {
			if (word !== null)
				out.push(word);
			word = null;
		} else {
			word = (word ?? "") + c;
		}
	}
	if (quote)
		throw new Error(`Arguments: missing closing quote ${quote}`);
	if (word !== null)
		out.push(word);
	return out;
}

export function line(list = []) {
	return list.map((w) => w !== "" && /^[\w@%+=:,./-]+$/.test(w) ? w : `'${w.replaceAll("'", `'\\''`)}'`).join(" ");
}

// One package per line: "name version", "name==version", "name@version"
export function packages(text) {
	return text.split(/\r?\n/).map((l) => l.trim()).filter(Boolean).map((l) => {
		const m = /^(@?[^\s@=]+)(?:\s+|==|@)([^\s@=]+)$/.exec(l);
		if (!m)
			throw new Error(`Packages: "${l.slice(0, 60)}" must be a name and a version`);
		return { name: m[1], version: m[2] };
	});
}

function title(code) {
	const line = code.split("\n").map((l) => l.trim()).find(Boolean) ?? "";
	// in UTF-8 at most four times as many bytes; 256 are allowed
	return [...line.replace(/[\x00-\x1f\x7f-\x9f]/g, " ")].slice(0, 60).join("");
}

export function makeJob({ language, version, framework, files, args, stdin, packages: wanted, collect, wall, memory }) {
	const job = { language, code: files.main, labels: { title: title(files.main) } };
	const others = files.others, list = splitArguments(args), asked = packages(wanted);

	if (version)
		job.version = version;
	if (framework)
		job.target_framework_monikier = framework;
	if (others.length > 0)
		job.files = others;
	if (list.length > 0)
		job.arguments = list;
	if (stdin !== "")
		job.stdin = stdin;
	else
		job.stdin_stream = true;
	if (asked.length > 0)
		job.packages = asked;
	if (collect.trim())
		job.collect = collect.trim().split(/\s+/);
	job.limits = {};
	if (wall)
		job.limits.wall = Number(wall);
	if (memory)
		job.limits.memory = `${Number(memory)}M`;
	return job;
}

// "128M" or 134217728 as a number of MiB; "" if there is no value
export function mebibytes(size) {
	const m = /^(\d+(?:\.\d+)?)\s*([KMGT]?)/.exec(String(size ?? ""));
	return m ? Math.round(m[1] * { "": 1, K: 1024, M: 1 << 20, G: 1 << 30, T: 2 ** 40 }[m[2]] / (1 << 20)) : "";
}

// The fields of the form for a submitted job, which may come from another client.
export function readJob(job) {
	const [first, ...rest] = job.files ?? [], own = job.code !== undefined && job.code !== null;
	return {
		language: job.language ?? "csharp", version: job.version ?? "", framework: job.target_framework_monikier ?? "",
		code: own ? job.code : first?.content ?? "", others: own ? job.files ?? [] : rest, args: line(job.arguments ?? []),
		stdin: job.stdin ?? "", packages: (job.packages ?? job.nuget_packages ?? []).map((p) => `${p.name} ${p.version}`).join("\n"),
		collect: (Array.isArray(job.collect) ? job.collect : job.collect?.patterns ?? []).join(" "),
		wall: typeof job.limits?.wall === "number" ? job.limits.wall : "", memory: mebibytes(job.limits?.memory),
	};
}
