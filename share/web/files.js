// files.js - the program's files: the main file and the others, a tab for each
//
// Text files have a document in the editor; files that are not UTF-8 are kept as they were uploaded.

import { bytes } from "./verdict.js";

const UPLOAD_MOST = 8 << 20;

export class Files {
	#editor; #ui; #list = []; #shown = null; #onChange;

	// ui: { tabs, add, upload, picker, bar, name, remove, binary, host }
	constructor(editor, ui, onChange) {
		this.#editor = editor;
		this.#ui = ui;
		this.#onChange = onChange;
		ui.add.addEventListener("click", () => this.#addNew());
		ui.upload.addEventListener("click", () => ui.picker.click());
		ui.picker.addEventListener("change", () => this.#take([...ui.picker.files]).finally(() => { ui.picker.value = ""; }));
		ui.name.addEventListener("change", () => this.#rename());
		ui.remove.addEventListener("click", () => this.#remove());
		ui.host.addEventListener("dragover", (e) => { if (e.dataTransfer.types.includes("Files")) e.preventDefault(); });
		ui.host.addEventListener("drop", (e) => {
			if (e.dataTransfer.files.length > 0) {
				e.preventDefault();
				this.#take([...e.dataTransfer.files]);
			}
		});
	}

	// name, text: the main file; others: as in a job, { name, content | base64, mode }
	set(name, text, others = []) {
		this.#list = [this.#make({ name, content: text }), ...others.map((f) => this.#make(f))];
		this.show(this.#list[0]);
	}

	rename(name) {
		this.#list[0].name = name;
		this.show(this.#shown);
	}

	get main() {
		return this.#editor.text(this.#list[0].doc);
	}

	set main(text) {
		this.#editor.setText(this.#list[0].doc, text);
	}

	get others() {
		return this.#list.slice(1).map(({ name, doc, base64, mode }) =>
			({ name, ...doc ? { content: this.#editor.text(doc) } : { base64 }, ...mode ? { mode } : {} }));
	}

	get names() {
		return this.#list.map((f) => f.name);
	}

	// Shows a compiler's messages, and goes to the first.
	mark(found) {
		this.#editor.clearMarks();
		for (const m of found)
			this.#editor.mark(this.#doc(m.file), m);
		const first = found.find((m) => m.kind === "error");
		if (first) {
			this.show(this.#list.find((f) => f.name === first.file));
			this.#editor.goTo(this.#doc(first.file), first);
		}
	}

	show(file) {
		const { bar, name, binary } = this.#ui, first = file === this.#list[0];
		this.#shown = file;
		bar.hidden = first;
		name.value = file.name;
		binary.hidden = Boolean(file.doc);
		this.#ui.host.classList.toggle("no-text", !file.doc);
		if (file.doc)
			this.#editor.show(file.doc, file.name);
		else
			binary.textContent = `${bytes(Math.floor(file.base64.length * 3 / 4))} of binary data, submitted unchanged.`;
		this.#tabs();
	}

	#doc(name) {
		return this.#list.find((f) => f.name === name).doc;
	}

	#make({ name, content, base64, mode }) {
		return { name, mode, base64, doc: base64 === undefined ? this.#editor.make(name, content ?? "") : null };
	}

	#tabs() {
		this.#ui.tabs.replaceChildren(...this.#list.map((f) => {
			const tab = document.createElement("button");
			tab.type = "button";
			tab.className = "tab";
			tab.textContent = f.name;
			if (f === this.#shown)
				tab.setAttribute("aria-current", "true");
			tab.addEventListener("click", () => { this.show(f); this.#editor.focus(); });
			return tab;
		}));
	}

	#free(name) {
		const dot = name.lastIndexOf("."), stem = dot > 0 ? name.slice(0, dot) : name, end = dot > 0 ? name.slice(dot) : "";
		let free = name;
		for (let n = 2; this.names.includes(free); n++)
			free = `${stem}-${n}${end}`;
		return free;
	}

	#addNew() {
		const file = this.#make({ name: this.#free("data.txt"), content: "" });
		this.#list.push(file);
		this.show(file);
		this.#ui.name.focus();
		this.#ui.name.select();
		this.#onChange();
	}

	async #take(uploaded) {
		for (const f of uploaded) {
			if (f.size > UPLOAD_MOST) {
				this.#ui.refused(`${f.name}: ${bytes(f.size)} is too large (at most ${bytes(UPLOAD_MOST)})`);
				continue;
			}
			const file = this.#make({ name: f.name, ...await contentOf(f) });
			const old = this.#list.findIndex((x, i) => i > 0 && x.name === f.name);
			if (old > 0) {
				this.#list[old] = file;
			} else {
				file.name = this.#free(f.name);
				this.#list.push(file);
			}
			this.show(file);
			this.#onChange();
		}
	}

	#rename() {
		const name = this.#ui.name.value.trim();
		if (name && name !== this.#shown.name) {
			this.#shown.name = "";
			this.#shown.name = this.#free(name);
			this.#onChange();
		}
		this.show(this.#shown);
	}

	#remove() {
		const i = this.#list.indexOf(this.#shown);
		if (i < 1)
			return;
		this.#list.splice(i, 1);
		this.show(this.#list[i] ?? this.#list[i - 1]);
		this.#editor.focus();
		this.#onChange();
	}
}

async function contentOf(file) {
	const raw = new Uint8Array(await file.arrayBuffer());
	try {
		const content = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(raw);
		if (!content.includes("\0"))
			return { content };
	} catch {
		// not valid UTF-8
	}
	let binary = "";
	for (let i = 0; i < raw.length; i += 8192)
		binary += String.fromCharCode(...raw.subarray(i, i + 8192));
	return { base64: btoa(binary) };
}
