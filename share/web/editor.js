// editor.js - the editor: CodeMirror if it is installed, else a plain text field
//
// Both hold a document for each file, and show one of them. A document is what #make returns; it is opaque
// to callers. A compiler's messages are shown below their lines until the line is changed.
//
// Tab indents; after Escape it moves to the next field, so that keyboard users can leave the editor.

const MODES = {
	".py": "text/x-python", ".c": "text/x-csrc", ".h": "text/x-csrc", ".cpp": "text/x-c++src", ".cc": "text/x-c++src",
	".hpp": "text/x-c++src", ".cs": "text/x-csharp", ".java": "text/x-java", ".js": "text/javascript", ".mjs": "text/javascript",
	".cjs": "text/javascript", ".ts": "text/typescript", ".json": "application/json", ".sh": "text/x-sh",
};
const WIDE = { ".py": 4, ".cs": 4, ".sh": 4 };
const TABS = [".c", ".h", ".cpp", ".cc", ".hpp"];

const ending = (name) => /\.[^./]*$/.exec(name)?.[0] ?? "";

export function makeEditor(root, options) {
	return globalThis.CodeMirror ? new Rich(root, options) : new Plain(root, options);
}

class Rich {
	#cm; #marks = [];

	constructor(root, { onRun, onChange }) {
		this.#cm = CodeMirror(root, {
			lineNumbers: true, matchBrackets: true, autoCloseBrackets: true, lineWrapping: false,
			gutters: ["CodeMirror-linenumbers", "messages"], viewportMargin: 50,
			extraKeys: {
				"Ctrl-Enter": onRun, "Cmd-Enter": onRun, "Ctrl-/": "toggleComment", "Cmd-/": "toggleComment",
				Esc: () => this.#letGo(), Tab: (cm) => cm.somethingSelected() ? cm.indentSelection("add") : cm.execCommand("insertSoftTab"),
				"Shift-Tab": "indentLess",
			},
		});
		this.#cm.on("change", (cm, change) => {
			this.#drop(change);
			onChange();
		});
	}

	#letGo() {
		const cm = this.#cm, map = { Tab: false, "Shift-Tab": false };	// false: leave the key to the browser
		const stay = () => {
			cm.removeKeyMap(map);
			cm.off("blur", stay);
			cm.off("change", stay);
		};
		stay();
		cm.addKeyMap(map);
		cm.on("blur", stay);
		cm.on("change", stay);
	}

	make(name, text) {
		return CodeMirror.Doc(text, MODES[ending(name)] ?? "text/plain");
	}

	show(doc, name) {
		const wide = WIDE[ending(name)] ?? (TABS.includes(ending(name)) ? 8 : 2);
		this.#cm.setOption("indentUnit", wide);
		this.#cm.setOption("tabSize", Math.max(wide, 4));
		this.#cm.setOption("indentWithTabs", TABS.includes(ending(name)));
		if (this.#cm.getDoc() !== doc)
			this.#cm.swapDoc(doc);
		this.#cm.setOption("mode", MODES[ending(name)] ?? "text/plain");
		this.#cm.getInputField().setAttribute("aria-label", `Program, ${name}`);
	}

	text(doc) {
		return doc.getValue();
	}

	setText(doc, text) {
		doc.setValue(text);
		doc.clearHistory();
	}

	focus() {
		this.#cm.focus();
	}

	clearMarks() {
		for (const mark of this.#marks)
			mark.clear();
		this.#marks = [];
	}

	mark(doc, { line, column, kind, text }) {
		const at = doc.getLineHandle(line - 1);
		if (!at)
			return;
		const note = document.createElement("div");
		note.className = `message ${kind}`;
		note.textContent = text;
		doc.addLineClass(at, "wrap", `line-${kind}`);
		const widget = doc.addLineWidget(at, note, { above: false });
		const word = column > 0 ? this.#word(doc, line - 1, column - 1, kind) : null;
		this.#marks.push({ doc, at, clear: () => {
			widget.clear();
			word?.clear();
			doc.removeLineClass(at, "wrap", `line-${kind}`);
		} });
	}

	#word(doc, line, ch, kind) {
		const rest = doc.getLine(line).slice(ch);
		const length = /^\w+/.exec(rest)?.[0].length ?? 1;
		return rest ? doc.markText({ line, ch }, { line, ch: ch + length }, { className: `at-${kind}` }) : null;
	}

	goTo(doc, { line, column }) {
		doc.setCursor(line - 1, Math.max(column - 1, 0));
		this.#cm.scrollIntoView(null, 80);
	}

	#drop({ from, to }) {
		this.#marks = this.#marks.filter((m) => {
			const n = m.at.lineNo?.();
			const hit = n === null || (m.doc === this.#cm.getDoc() && n >= from.line && n <= to.line);
			if (hit)
				m.clear();
			return !hit;
		});
	}
}

class Plain {
	#area; #doc = { text: "" };

	constructor(root, { onRun, onChange }) {
		this.#area = document.createElement("textarea");
		this.#area.className = "plain-editor";
		this.#area.spellcheck = false;
		this.#area.autocapitalize = "off";
		this.#area.addEventListener("input", () => {
			this.#doc.text = this.#area.value;
			onChange();
		});
		this.#area.addEventListener("keydown", (e) => {
			if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) {
				e.preventDefault();
				onRun();
			}
		});
		root.append(this.#area);
	}

	make(name, text) {
		return { text, notes: [] };
	}

	show(doc, name) {
		this.#doc = doc;
		this.#area.value = doc.text;
		this.#area.setAttribute("aria-label", `Program, ${name}`);
	}

	text(doc) {
		return doc.text;
	}

	setText(doc, text) {
		doc.text = text;
		if (doc === this.#doc)
			this.#area.value = text;
	}

	focus() {
		this.#area.focus();
	}

	clearMarks() {}
	mark() {}

	goTo(doc, { line }) {
		const start = doc.text.split("\n").slice(0, line - 1).reduce((n, l) => n + l.length + 1, 0);
		this.#area.setSelectionRange(start, start);
	}
}
