// run.js - one task at a time: submits or opens it, follows it, sends input, cancels it
//
// Does not depend on the page, which gets calls of its hooks: state(text), task(id), output(kind,
// text), notice(text), input(open), end(task), failed(error). After another task was started, no hook is
// called for the previous one.

import { parse, follow, textOf } from "./events.js";

export class Run {
	#api; #hooks; #stop = new AbortController(); #sending = Promise.resolve(); #said = "";
	id = null; ticket = null; live = false;

	constructor(api, hooks) {
		this.#api = api;
		this.#hooks = hooks;
	}

	// Stops following the task, which goes on.
	leave() {
		this.#stop.abort();
		this.#stop = new AbortController();
		this.id = this.ticket = null;
		this.live = false;
		this.#sending = Promise.resolve();
	}

	// Submits the job and streams its events in one request.
	async start(job) {
		this.leave();
		const signal = this.#stop.signal;
		this.live = true;
		try {
			const answer = await this.#api.ask("POST", "tasks", { json: job, accept: "text/event-stream", signal });
			await this.#follow({ answer, signal });
		} catch (error) {
			this.#fail(error, signal);
		}
	}

	// Follows an existing task.
	async open(id) {
		this.leave();
		const signal = this.#stop.signal;
		this.live = true;
		this.id = id;
		try {
			await this.#follow({ signal });
		} catch (error) {
			this.#fail(error, signal);
		}
	}

	// Cancels the task. If it has ended meanwhile, it is not erased.
	async cancel() {
		if (this.id)
			await this.#api.ask("DELETE", `tasks/${this.id}?cancel`);
	}

	// Sends one request after another, so that input arrives in the order in which it was typed.
	send(text, eof = false) {
		const id = this.id;
		const next = this.#sending.then(() => this.#api.ask("POST", `tasks/${id}/stdin${eof ? "?eof" : ""}`, { body: text }));
		this.#sending = next.catch(() => {});
		return next;
	}

	async #follow({ answer, signal }) {
		if (answer)
			answer = await this.#created(answer, signal);
		await follow(this.#api, this.id, { answer, ticket: this.ticket, signal,
			on: (event, data) => { if (!signal.aborted) this.#take(event, data); },
			lost: () => { if (!signal.aborted) this.#hooks.state("Connection lost; reconnecting"); },
			back: () => { if (!signal.aborted) this.#hooks.state(this.#said); } });
	}

	// The first event has the id, which is needed to resume the stream.
	async #created(answer, signal) {
		const [first, rest] = answer.body.tee();
		for await (const e of parse(first)) {
			if (e.event !== "created")
				continue;
			const data = JSON.parse(e.data);
			if (!signal.aborted) {
				this.id = data.id;
				this.ticket = data.ticket ?? null;
				this.#hooks.task(this.id);
			}
			break;
		}
		if (!this.id)
			throw new Error("the server did not send the new task's id");
		return { body: rest };
	}

	#state(text) {
		this.#said = text;
		this.#hooks.state(text);
	}

	#take(event, data) {
		const h = this.#hooks;
		switch (event) {
		case "created":
			this.#state("Waiting");
			return;
		case "queued":
			this.#state(data.position > 0 ? `Waiting: number ${data.position} in the queue` : "Waiting");
			return;
		case "packages":
			this.#state("Fetching packages");
			return;
		case "compiling":
			this.#state("Compiling");
			return;
		case "running":
			this.#state("Running");
			h.running();
			return;
		case "test":
			this.#state(`Running test ${data.n} of ${data.of}`);
			return;
		case "stdout":
		case "stderr":
			h.output(event, textOf(data));
			return;
		case "notice":
			h.notice(data.text);
			return;
		case "result":
			this.live = false;
			h.end(data);
			return;
		}
	}

	#fail(error, signal) {
		if (signal.aborted)
			return;
		this.live = false;
		this.#hooks.failed(error);
	}
}
