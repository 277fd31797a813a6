// output.js - shows a program's output live
//
// All output becomes text nodes: it is never interpreted as markup. The last SHOWN characters are shown;
// links lead to the whole streams. Text is buffered for a moment, so that the page is not laid out again for
// each line of a program that writes without pause.

const SHOWN = 400000, BLOCK = 8000, PAUSE = 15;

// Escape sequences of a terminal are removed; other control characters are shown as Unicode control pictures.
const ESCAPES = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-Z\\^-~])/g;
const OPEN_ESCAPE = /\x1b(?:\[[0-?]*[ -/]*|\][^\x07\x1b]*\x1b?|[ -/]*)$/;
const CONTROLS = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/g;

export function plain(text) {
	return text.replace(ESCAPES, "").replace(/\r\n/g, "\n").replace(CONTROLS,
		(c) => c === "\x7f" ? "\u2421" : String.fromCharCode(0x2400 + c.charCodeAt(0)));
}

export class Output {
	#root; #pending = []; #size = 0; #timer = 0; #held = {}; #cut = null;

	constructor(root) {
		this.#root = root;
	}

	clear() {
		clearTimeout(this.#timer);
		this.#timer = 0;
		this.#pending = [];
		this.#held = {};
		this.#cut = null;
		this.#size = 0;
		this.#root.replaceChildren();
	}

	// kind: stdout, stderr, input or notice: the class of its text
	write(kind, text) {
		text = (this.#held[kind] ?? "") + text;
		const open = OPEN_ESCAPE.exec(text);
		this.#held[kind] = open && open[0].length < 256 ? open[0] : "";
		text = plain(text.slice(0, text.length - this.#held[kind].length));
		if (text === "")
			return;
		const last = this.#pending.at(-1);
		if (last && last.kind === kind && last.text.length < BLOCK)
			last.text += text;
		else
			this.#pending.push({ kind, text });
		this.#timer ||= setTimeout(() => this.flush(), PAUSE);
	}

	flush() {
		clearTimeout(this.#timer);
		this.#timer = 0;
		const root = this.#root;
		const below = root.scrollHeight - root.scrollTop - root.clientHeight < 40;
		for (const { kind, text } of this.#pending)
			this.#append(kind, text);
		this.#pending = [];
		this.#trim();
		if (below)
			root.scrollTop = root.scrollHeight;
	}

	#append(kind, text) {
		let at = this.#root.lastElementChild;
		this.#size += text.length;
		if (at?.className === kind && at.textContent.length < BLOCK) {
			at.firstChild.appendData(text);
			return;
		}
		at = document.createElement("span");
		at.className = kind;
		at.append(document.createTextNode(text));
		this.#root.append(at);
	}

	#trim() {
		const first = () => this.#cut ? this.#cut.nextElementSibling : this.#root.firstElementChild;
		while (this.#size > SHOWN && first() && first() !== this.#root.lastElementChild) {
			const gone = first();
			this.#size -= gone.textContent.length;
			gone.remove();
			if (!this.#cut) {
				this.#cut = document.createElement("span");
				this.#cut.className = "notice";
				this.#cut.textContent = "Earlier output is no longer shown here.\n";
				this.#root.prepend(this.#cut);
			}
		}
	}
}
