// api.js - requests to cee-http, at addresses relative to the path this file was loaded from
//
// A token, if one is needed, is stored only in this tab's sessionStorage. A response other than success is
// thrown as a Problem with the server's message (RFC 9457).

export const base = new URL("..", import.meta.url);

const KEY = "cee-token";

export class Problem extends Error {
	constructor(status, detail, after) {
		super(detail);
		this.status = status;
		this.after = after;	// Retry-After, in seconds
	}
}

export class Api {
	#given;

	// token: used instead of the tab's, for an embedded program
	constructor(token) {
		this.#given = token;
	}

	// A page of another site stores no token; it reads tasks with their tickets.
	get embedded() {
		return this.#given !== undefined;
	}

	get token() {
		return this.#given ?? sessionStorage.getItem(KEY);
	}

	set token(value) {
		if (value)
			sessionStorage.setItem(KEY, value);
		else
			sessionStorage.removeItem(KEY);
	}

	url(path) {
		return new URL(path, base);
	}

	// Returns the response; its body is not read yet.
	async ask(method, path, { json, body, accept, last, signal, keepalive } = {}) {
		const headers = new Headers();
		if (accept)
			headers.set("Accept", accept);
		if (last)
			headers.set("Last-Event-ID", last);
		if (this.token)
			headers.set("Authorization", "Bearer " + this.token);
		if (json !== undefined) {
			headers.set("Content-Type", "application/json");
			body = JSON.stringify(json);
		} else if (body !== undefined) {
			headers.set("Content-Type", "application/octet-stream");
		}
		const answer = await fetch(this.url(path), { method, headers, body, signal, keepalive, cache: "no-store" });
		if (!answer.ok)
			throw await problem(answer);
		return answer;
	}

	async get(path, options) {
		return (await this.ask("GET", path, options)).json();
	}
}

async function problem(answer) {
	let detail = "";
	try {
		detail = (await answer.json()).detail;
	} catch {
		// the web server in front of cee-http does not send problem details
	}
	return new Problem(answer.status, detail || `the server answered ${answer.status} ${answer.statusText}`,
		Number(answer.headers.get("Retry-After")) || 0);
}

// The message to show for any thrown error.
export function errorText(error) {
	if (error instanceof Problem)
		return error.after ? `${error.message} (try again in ${error.after} s)` : error.message;
	if (error instanceof TypeError)
		return "the server cannot be reached";
	return String(error.message || error);
}
