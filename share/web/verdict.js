// verdict.js - texts that describe a task's state or result
//
// verdict() takes a task as in the API (cee-http(8)) and returns { tone, title, facts }: tone is good, bad or
// calm, facts are short texts to show beside the title.
import { reasons, states } from "./facts.js";

export function seconds(s) {
	if (s < 0.0995)
		return `${Math.round(s * 1000)} ms`;
	return s < 10 ? `${s.toFixed(2)} s` : s < 120 ? `${s.toFixed(1)} s` : `${Math.round(s / 60)} min`;
}

export function bytes(n) {
	const units = ["B", "KiB", "MiB", "GiB"];
	let i = 0;

	for (; n >= 1024 && i < units.length - 1; i++)
		n /= 1024;
	return `${i && n < 10 ? n.toFixed(1) : Math.round(n)} ${units[i]}`;
}

function phaseFacts(name, p) {
	const facts = [];

	if (!p)
		return facts;
	facts.push(`${name} ${seconds(p.wall)}`, `cpu ${seconds(p.cpu)}`);
	if (p.peak_memory > 0)
		facts.push(bytes(p.peak_memory));
	return facts;
}

export function verdict(task) {
	const r = task.result, facts = [];

	if (!r)
		return { tone: "calm", title: states[task.status] ?? task.status ?? "", facts };
	const code = r.exit_code, run = r.phases?.run, compile = r.phases?.compile;
	if (r.why === "exited" && code !== null && code !== undefined)
		facts.push(`exit code ${code}`);
	if (r.signal)
		facts.push(`signal ${r.signal}`);
	if (r.tests)
		facts.push(`${r.tests.passed} of ${r.tests.total} tests passed`);
	facts.push(...phaseFacts(run ? "ran" : "compiled", run ?? compile));
	if (run && compile)
		facts.push(`compiled ${seconds(compile.wall)}`);
	if (r.queued >= 1)
		facts.push(`waited ${seconds(r.queued)}`);
	if (run?.dropped)
		facts.push(`${bytes(run.dropped)} of output dropped`);
	if (run?.oom_kills && r.why !== "memory limit")
		facts.push("processes were killed for lack of memory");
	const good = r.why === "exited" && code === 0;
	return { tone: good ? "good" : r.why === "cancelled" ? "calm" : "bad", title: reasons[r.why] ?? r.why, facts, message: r.message };
}

// The same for an entry of the list of tasks.
export function brief(t) {
	if (!t.why)
		return { tone: "calm", title: states[t.status] ?? t.status };
	const good = t.why === "exited" && t.exitCode === 0;
	return { tone: good ? "good" : t.why === "cancelled" ? "calm" : "bad",
		title: t.why === "exited" && !good ? `Exit code ${t.exitCode}` : reasons[t.why] ?? t.why };
}

export function ago(time) {
	const s = (Date.now() - Date.parse(time)) / 1000;

	if (!(s >= 0) || s < 60)
		return "just now";
	if (s < 3600)
		return `${Math.floor(s / 60)} min ago`;
	return s < 86400 ? `${Math.floor(s / 3600)} h ago` : new Date(time).toLocaleDateString();
}
