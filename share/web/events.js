// events.js - the events of a task, read with fetch so that a token can be sent
//
// Parses server-sent events as the HTML standard says. A stream that ends before its result is resumed
// after the last event received, so that nothing is shown twice and nothing is lost.

import { Problem } from "./api.js";

// Yields the events of a stream of bytes, each as { event, data, id }.
export async function* parse(bytes) {
	const decoder = new TextDecoder();
	const reader = bytes.getReader();
	let rest = "", item = { event: "", data: "" }, id = "";

	try {
		for (;;) {
			const { done, value } = await reader.read();
			if (done)
				return;
			rest += decoder.decode(value, { stream: true });
			// a CR at the end of the piece may be half of a CR LF
			const lines = rest.split(/\r\n|\n|\r(?!$)/);
			rest = lines.pop();
			for (const line of lines) {
				if (line === "") {
					if (item.data !== "")
						yield { event: item.event || "message", data: item.data.slice(0, -1), id };
					item = { event: "", data: "" };
					continue;
				}
				const colon = line.indexOf(":");
				if (colon === 0)
					continue;	// a comment: a heartbeat
				const field = colon < 0 ? line : line.slice(0, colon);
				const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
				if (field === "data")
					item.data += value + "\n";
				else if (field === "event")
					item.event = value;
				else if (field === "id" && !value.includes("\0"))
					id = value;
			}
		}
	} finally {
		reader.cancel().catch(() => {});
	}
}

const pause = (ms, signal) => new Promise((wake) => {
	const timer = setTimeout(wake, ms);
	signal?.addEventListener("abort", () => { clearTimeout(timer); wake(); }, { once: true });
});

// An error of a handler is not a lost connection: reconnecting would hide it.
function use(on, { event, data }) {
	try {
		on(event, JSON.parse(data));
	} catch (error) {
		throw new Problem(0, `the event ${event}: ${error.message}`);
	}
}

// Calls on(event, data) for every event of the task, until its result or until the signal aborts. answer is
// a response that streams already (that of POST); lost is called when the connection is lost, back when
// it is restored.
export async function follow(api, id, { answer, ticket, signal, on, lost, back }) {
	const query = api.embedded && ticket ? `?ticket=${encodeURIComponent(ticket)}` : "";
	let last = "", failures = 0, away = false;

	for (;;) {
		try {
			answer ??= await api.ask("GET", `tasks/${id}/events${query}`, { accept: "text/event-stream", last, signal });
			if (away)
				back?.();
			away = false;
			for await (const e of parse(answer.body)) {
				failures = 0;
				last = e.id || last;
				use(on, e);
				if (e.event === "result")
					return;
			}
		} catch (error) {
			if (signal?.aborted)
				return;
			if (error instanceof Problem && error.status < 500 && error.status !== 429)
				throw error;
		}
		answer = undefined;
		if (signal?.aborted)
			return;
		away = true;
		lost?.();
		await pause(Math.min(250 * 2 ** failures++, 5000), signal);
	}
}

// The bytes of an output event: { text }, or { base64 } if they are not valid UTF-8.
export function textOf(data) {
	if (data.base64 === undefined)
		return data.text ?? "";
	return new TextDecoder().decode(Uint8Array.from(atob(data.base64), (c) => c.charCodeAt(0)));
}
