// recent.js - a list of the caller's latest tasks, with links that open them

import { brief, ago } from "./verdict.js";

const SHOWN = 30;

export async function fillRecent(api, list, more, current) {
	const page = await api.get(`tasks?limit=${SHOWN}`);

	list.replaceChildren(...page.tasks.map((t) => row(t, current)));
	more.hidden = page.tasks.length > 0;
	more.textContent = "No programs yet.";
}

function row(t, current) {
	const item = document.createElement("li"), link = document.createElement("a"), { tone, title } = brief(t);

	link.href = `#id=${t.id}`;
	if (t.id === current)
		link.setAttribute("aria-current", "true");
	link.append(part("what", t.labels?.title || t.language || t.id.slice(0, 8)), part("language", t.language ?? ""),
		part(`how ${tone}`, title), part("when", t.created ? ago(t.created) : ""));
	item.append(link);
	return item;
}

function part(name, text) {
	const span = document.createElement("span");

	span.className = name;
	span.textContent = text;
	return span;
}
