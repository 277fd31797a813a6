// The driver of a session in JavaScript: see docs/SESSIONS.md. The runner sends this text as an argument of the interpreter.
// In a function, so that no name of it is in the scope of the cells.
(() => {
"use strict";
const GRACE = 2000; // ms from the interrupt of a cell to the end of its worker
const LINE_MOST = 8 << 20;
const { spawn } = require("child_process");
const { StringDecoder } = require("string_decoder");
const fs = require("fs");

// Calls take(line) for each line of a stream; a line over the bound is thrown away.
function lines(stream, take) {
	let parts = [], size = 0;
	stream.on("data", (data) => {
		for (let at; (at = data.indexOf(10)) >= 0; data = data.subarray(at + 1)) {
			const whole = Buffer.concat([...parts, data.subarray(0, at)]);
			if (size <= LINE_MOST) take(whole.toString());
			parts = [], size = 0;
		}
		if ((size += data.length) <= LINE_MOST) parts.push(data);
		else parts = [];
	});
}

// ---- the worker: a process that keeps the state, one cell after another ----------------------------------------

function worker() {
	const inspector = require("inspector"), vm = require("vm"), util = require("util"), net = require("net");
	const own = require("module").createRequire(process.cwd() + "/cell.js");
	const session = new inspector.Session(), JUPYTER = Symbol.for("Jupyter.display");
	let interrupt = null; // ends the wait for a promise

	const report = (event, more) => fs.writeSync(4, JSON.stringify({ event, ...more }) + "\n");
	const post = (method, parameters) => new Promise((resolve, reject) =>
		session.post(method, parameters, (e, r) => e ? reject(e) : resolve(r)));

	// Output to a pipe is not written at once; the report after it must not be read before it.
	const writers = [process.stdout, process.stderr].map((s) => s.write.bind(s));
	const flushed = () => Promise.all(writers.map((write) => new Promise((resolve) => write("", () => resolve()))));

	session.connect();
	process.on("SIGINT", () => interrupt && interrupt());
	process.on("uncaughtException", (e) => process.stderr.write(util.inspect(e) + "\n"));
	process.on("unhandledRejection", (e) => process.stderr.write("unhandled rejection: " + util.inspect(e) + "\n"));
	process.argv.length = 1;
	Object.assign(globalThis, { require: own, module: { exports: {} }, exports: {} });
	// a module of the job's folder, or of its packages, as for a program there; hidden from who lists the scope
	Object.defineProperty(globalThis, Symbol.for("cee.import"), { value: async (name) =>
		import(/^(node|file|data):/.test(name) || require("module").builtinModules.includes(name) ? name
			: require("url").pathToFileURL(own.resolve(name))) });

	// import declarations and import() are of modules, and a cell is a script: they become calls.
	function without_imports(code) {
		const IMPORT = 'globalThis[Symbol.for("cee.import")]';
		let tree, out = code;
		if (!/\bimport\b/.test(code)) return code;
		try {
			const acorn = require("/usr/share/nodejs/acorn");
			tree = acorn.parse(code, { ecmaVersion: "latest", sourceType: "module", allowAwaitOutsideFunction: true });
		} catch {
			return code; // its own error is told when it is run
		}
		const found = [];
		(function walk(n) {
			if (!n || typeof n !== "object") return;
			if (Array.isArray(n)) return n.forEach(walk);
			if (n.type === "ImportDeclaration" || n.type === "ImportExpression") found.push(n);
			for (const k in n) if (k !== "type" && typeof n[k] === "object") walk(n[k]);
		})(tree.body);
		for (const n of found.sort((a, b) => b.start - a.start)) {
			let text;
			if (n.type === "ImportExpression") {
				out = out.slice(0, n.start) + IMPORT + out.slice(n.start + "import".length);
				continue;
			}
			const from = `await ${IMPORT}(${n.source.raw})`;
			const whole = n.specifiers.find((s) => s.type === "ImportNamespaceSpecifier");
			const names = n.specifiers.filter((s) => s !== whole).map((s) => s.type === "ImportDefaultSpecifier"
				? `default: ${s.local.name}` : `${s.imported.raw || s.imported.name}: ${s.local.name}`);
			text = whole ? `const ${whole.local.name} = ${from}; ` : "";
			if (names.length) text += `const { ${names.join(", ")} } = ${whole ? whole.local.name : from};`;
			else if (!whole) text = from + ";";
			out = out.slice(0, n.start) + text + out.slice(n.end);
		}
		return out;
	}

	function shown(v) {
		const s = { text: util.inspect(v, { depth: 4, maxArrayLength: 100, maxStringLength: 10000 }) };
		try {
			const rich = v && typeof v[JUPYTER] === "function" ? v[JUPYTER]() : {};
			if (typeof rich["text/html"] === "string") s.html = rich["text/html"];
			if (typeof rich["image/png"] === "string") s.png = rich["image/png"];
			if (typeof rich["text/plain"] === "string") s.text = rich["text/plain"];
		} catch { /* then the text alone */ }
		return s;
	}

	function told(details, code) {
		const e = details.exception || {}, text = e.description || String(e.value);
		const frames = text.split("\n"), last = frames.findIndex((l) => /node:inspector|^\s+at Session\.post/.test(l));
		const words = frames.filter((l, i) => (last < 0 || i < last) && !/node:internal/.test(l));
		const name = e.subtype === "error" ? text.match(/^[\w$.]*/)[0] || e.className : "Error";
		if (e.className === "SyntaxError" && details.lineNumber >= 0 && !/\n\s+at <cell>/.test(text))
			words.push(`    at <cell>:${details.lineNumber + 1}:${details.columnNumber + 1}`,
				code.split("\n")[details.lineNumber] || "", " ".repeat(details.columnNumber) + "^");
		return { name, value: frames[0].replace(/^[\w$.]*(Error|Exception)[^:]*: /, ""), traceback: words.join("\n") + "\n" };
	}

	// Runs it in the global scope; const and let of earlier cells may be declared anew. A signal ends a loop, or the wait.
	function evaluate(code) {
		return new Promise((resolve, reject) => {
			interrupt = () => reject(new Error("interrupted"));
			globalThis[Symbol.for("cee.run")] = () => {
				delete globalThis[Symbol.for("cee.run")];
				session.post("Runtime.evaluate", { expression: without_imports(code) + "\n//# sourceURL=<cell>", replMode: true,
					awaitPromise: true, userGesture: false }, (e, r) => e ? reject(e) : resolve(r));
			};
			try {
				vm.runInThisContext('globalThis[Symbol.for("cee.run")]()', { breakOnSigint: true });
			} catch (e) {
				reject(e);
			}
		});
	}

	async function run(code) {
		let why = "exited";
		try {
			const r = await evaluate(code);
			await flushed();
			if (r.exceptionDetails) {
				report("error", told(r.exceptionDetails, code));
				why = "error";
			} else if (r.result.type !== "undefined") {
				let value;
				globalThis[Symbol.for("cee.take")] = (v) => { value = v; };
				const of = "objectId" in r.result ? { objectId: r.result.objectId } : "unserializableValue" in r.result
					? { unserializableValue: r.result.unserializableValue } : { value: r.result.value };
				const scope = await post("Runtime.evaluate", { expression: "globalThis" });
				await post("Runtime.callFunctionOn", { functionDeclaration: 'function (v) { this[Symbol.for("cee.take")](v); }',
					objectId: scope.result.objectId, arguments: [of] });
				delete globalThis[Symbol.for("cee.take")];
				globalThis._ = value;
				report("result", shown(value));
			}
		} catch (e) { // interrupted: the driver knows why
			report("error", { name: "Interrupted", value: "", traceback: "" });
			why = "error";
		}
		interrupt = null;
		await flushed();
		report("done", { why });
	}

	let before = Promise.resolve();
	lines(new net.Socket({ fd: 3 }), (line) => { before = before.then(() => run(JSON.parse(line).code)); });
}

// ---- the driver: requests in, events out ------------------------------------------------------------------------

function driver() {
	const waiting = [];
	let now = null, child = null;

	const say = (cell, event, more) => fs.writeSync(1, JSON.stringify({ cell, event, ...more }) + "\n");
	const signal = (s) => { try { process.kill(-child.pid, s); } catch { /* it is gone */ } };
	// What a worker wrote before a report is read before the report is passed on: two rounds of the loop see all of it.
	const afterwards = (f) => setImmediate(() => setImmediate(f));

	function output(of, name) {
		const decoder = new StringDecoder("utf8");
		of["stdio"][name === "stdout" ? 1 : 2].on("data", (data) => {
			if (!now || of !== child) return;
			const kept = data.subarray(0, now.left), text = decoder.write(kept);
			now.left -= kept.length;
			now.dropped += data.length - kept.length;
			if (text) say(now.cell, name, { text });
		});
	}

	function start() {
		const c = spawn(process.execPath, process.execArgv, { detached: true, stdio: ["ignore", "pipe", "pipe", "pipe", "pipe"],
			env: { ...process.env, CEE_SESSION_WORKER: "1" } });
		child = c;
		output(c, "stdout");
		output(c, "stderr");
		c.stdio[3].on("error", () => { /* its end is seen by exit */ });
		lines(c.stdio[4], (line) => afterwards(() => {
			if (c !== child || !now) return;
			const { event, ...more } = JSON.parse(line);
			if (event === "done") end(more.why);
			else if (!now.why) say(now.cell, event, more);
		}));
		c.on("error", () => { /* it could not be started: exit follows */ });
		c.on("exit", () => afterwards(() => {
			if (c !== child) return;
			if (now) end("died", true);
			else start();
		}));
	}

	function restart() {
		signal("SIGKILL");
		start();
	}

	function end(why, restarted) {
		const cell = now, more = {};
		clearTimeout(cell.timer);
		now = null;
		if (cell.dropped) more.dropped = cell.dropped;
		if (restarted) {
			more.restarted = true;
			restart();
		}
		say(cell.cell, "end", { why: cell.why || why, ...more });
		next();
	}

	// Interrupts the cell; what does not heed that loses its worker.
	function stop(why) {
		if (now.why) return;
		now.why = why;
		clearTimeout(now.timer);
		now.timer = setTimeout(() => end(why, true), GRACE);
		signal("SIGINT");
	}

	function next() {
		if (now || !waiting.length) return;
		now = waiting.shift();
		now.timer = setTimeout(() => stop("time limit"), Math.min(now.wall * 1000, 0x7fffffff));
		say(now.cell, "started");
		child.stdio[3].write(JSON.stringify({ code: now.code }) + "\n");
	}

	function request(line) {
		let r;
		try { r = JSON.parse(line); } catch { return; }
		if (!r || typeof r !== "object") return;
		if (r.end) {
			finish();
		} else if ("cancel" in r) {
			if (now && now.cell === r.cancel) stop("cancelled");
			for (let i = waiting.length; i--;)
				if (waiting[i].cell === r.cancel) say(waiting.splice(i, 1)[0].cell, "end", { why: "cancelled" });
		} else if (typeof r.cell === "string" && typeof r.code === "string") {
			waiting.push({ cell: r.cell, code: r.code, wall: Number(r.wall ?? 60), left: Number(r.output ?? 1 << 20), dropped: 0,
				why: null, timer: null });
			next();
		}
	}

	function finish() {
		child.removeAllListeners("exit");
		signal("SIGKILL");
		process.exit(0);
	}

	process.on("SIGINT", () => { /* the worker's */ });
	start();
	lines(process.stdin, request);
	process.stdin.on("end", finish);
}

const is_worker = process.env.CEE_SESSION_WORKER;
delete process.env.CEE_SESSION_WORKER;
(is_worker ? worker : driver)();
})();
