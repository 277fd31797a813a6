// api.js - requests to cee-http beneath whatever path this file was loaded from
//
// A token, where one is needed, lies in this tab's sessionStorage and nowhere else. An answer that is
// no success is thrown as a Problem with the server's own words (RFC 9457).

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

	// token: instead of the tab's own, for an embedded program
	constructor(token) {
		this.#given = token;
	}

	// Another site's page keeps no token of ours; a ticket must do for what is read.
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

	// The answer, whose body is yet to be read.
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
		// a server before cee-http has words of its own
	}
	return new Problem(answer.status, detail || `the server answers ${answer.status} ${answer.statusText}`,
		Number(answer.headers.get("Retry-After")) || 0);
}

// What to say of an error, whatever threw it.
export function words(error) {
	if (error instanceof Problem)
		return error.after ? `${error.message} (again in ${error.after} s)` : error.message;
	if (error instanceof TypeError)
		return "the server cannot be reached";
	return String(error.message || error);
}
