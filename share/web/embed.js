// embed.js - a Run button for any page: <script src="https://.../embed.js"></script> and
//
//     <cee-run language="python">print("hello")</cee-run>
//
// Attributes: language; version; arguments (split as a shell does); stdin; interactive (a field for input
// while it runs); readonly; token. A program that contains "<" can be put in a
// <script type="text/plain"> within the element. http_origins of cee.conf(5) must name the page's site.
//
// The element's content is in a shadow tree: the page's styles do not affect it, and a program's output
// cannot become a part of the page. Styles are adopted sheets, so a strict policy of the page needs to allow
// only scripts from and connections to this site. The modules are loaded at the first run.

(() => {
	const here = new URL("page/", document.currentScript.src);
	const load = (name) => import(new URL(name, here));
	const sheet = new CSSStyleSheet();

	sheet.replaceSync(`
		:host { display: block; margin: 1em 0; border: 1px solid light-dark(#dcdcd8, #33373d); border-radius: 6px; overflow: hidden;
			font: 15px/1.5 system-ui, sans-serif; background: light-dark(#ffffff, #1c1f23); color: light-dark(#1d1f21, #e4e5e7); }
		:host([hidden]), [hidden] { display: none !important; }
		textarea, pre, input { font: 14px/1.5 ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; color: inherit; box-sizing: border-box; }
		textarea { display: block; width: 100%; padding: 10px 12px; border: 0; background: none; resize: vertical; white-space: pre; overflow: auto; tab-size: 4; }
		div, form { display: flex; flex-wrap: wrap; gap: 8px 12px; align-items: center; margin: 0; padding: 8px 12px; border-top: 1px solid light-dark(#dcdcd8, #33373d); }
		button { font: inherit; height: 32px; padding: 0 .9em; border: 1px solid light-dark(#c8c8c4, #474c54); border-radius: 6px; background: none; color: inherit; cursor: pointer; }
		button.run { background: light-dark(#2559c0, #7aa7ff); border-color: transparent; color: light-dark(#ffffff, #0d1420); font-weight: 600; }
		button:disabled { opacity: .5; cursor: default; }
		input { flex: 1; min-width: 8em; padding: .3em .5em; border: 1px solid light-dark(#dcdcd8, #33373d); border-radius: 6px; background: none; }
		pre { margin: 0; padding: 10px 12px; max-height: 24em; overflow: auto; background: light-dark(#f4f4f2, #121416); white-space: pre-wrap; overflow-wrap: anywhere;
			border-top: 1px solid light-dark(#dcdcd8, #33373d); }
		pre:empty { display: none; }
		.stderr, [data-tone=bad] { color: light-dark(#b3261e, #ff8a80); }
		.input { color: light-dark(#2559c0, #8db4ff); }
		[data-tone=good] { color: light-dark(#1b7a3d, #6fcf8e); }
		:focus-visible { outline: 2px solid light-dark(#2559c0, #7aa7ff); outline-offset: -2px; }
	`);

	const make = (name, properties = {}) => Object.assign(document.createElement(name), properties);

	// Removes the lines' common indentation and blank lines around the program.
	function program(text) {
		const lines = text.replace(/^[ \t]*\r?\n/, "").trimEnd().split(/\r?\n/);
		const common = Math.min(...lines.filter((l) => l.trim()).map((l) => /^[ \t]*/.exec(l)[0].length));
		return lines.map((l) => l.slice(common)).join("\n");
	}

	class CeeRun extends HTMLElement {
		#code; #run; #stop; #state; #out; #form; #typed; #task; #output; #facts;

		connectedCallback() {
			if (this.shadowRoot)
				return;
			const root = this.attachShadow({ mode: "open" });
			root.adoptedStyleSheets = [sheet];
			this.#code = make("textarea", { spellcheck: false, ariaLabel: "Program", readOnly: this.hasAttribute("readonly") });
			this.#run = make("button", { type: "button", className: "run", textContent: "Run" });
			this.#stop = make("button", { type: "button", textContent: "Stop", hidden: true });
			this.#state = make("span", { role: "status" });
			this.#facts = make("span");
			this.#out = make("pre", { tabIndex: 0, role: "region", ariaLabel: "Output" });
			this.#typed = make("input", { ariaLabel: "Input", autocomplete: "off", spellcheck: false });
			this.#form = make("form", { hidden: true });
			const bar = make("div"), end = make("button", { type: "button", textContent: "End of input" });
			bar.append(this.#run, this.#stop, this.#state, this.#facts);
			this.#form.append(this.#typed, make("button", { textContent: "Send" }), end);
			root.append(this.#code, bar, this.#out, this.#form);
			this.#run.addEventListener("click", () => this.run());
			this.#stop.addEventListener("click", () => this.#task?.cancel().catch(() => {}));
			this.#form.addEventListener("submit", (e) => { e.preventDefault(); this.#send(this.#typed.value + "\n", false); });
			end.addEventListener("click", () => this.#send(this.#typed.value, true));
			this.#code.addEventListener("keydown", (e) => {
				if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) {
					e.preventDefault();
					this.run();
				}
			});
			if (document.readyState === "loading")
				document.addEventListener("DOMContentLoaded", () => this.#fill(), { once: true });
			else
				this.#fill();
		}

		disconnectedCallback() {
			this.#task?.leave();
		}

		#fill() {
			this.#code.value = program(this.textContent);
			this.#code.rows = Math.min(Math.max(this.#code.value.split("\n").length, 1), 24);
		}

		#show(tone, title, facts = "") {
			this.#state.dataset.tone = tone;
			this.#state.textContent = title;
			this.#facts.textContent = facts;
		}

		async run() {
			this.#run.disabled = true;
			this.#show("calm", "Submitting");
			try {
				await this.#begin();
			} catch (error) {
				this.#show("bad", "Not run", String(error.message || error));
			}
			this.#run.disabled = false;
			this.#stop.hidden = this.#form.hidden = true;
		}

		async #begin() {
			const [{ Api, errorText }, { Run }, { Output }, { verdict }, job] = await Promise.all(
				["api.js", "run.js", "output.js", "verdict.js", "job.js"].map(load));
			this.#output ??= new Output(this.#out);
			this.#output.clear();
			this.#task?.leave();
			this.#task = new Run(new Api(this.getAttribute("token") ?? ""), {
				state: (text) => this.#show("calm", text),
				task: () => { this.#stop.hidden = false; },
				running: () => { this.#form.hidden = !this.hasAttribute("interactive"); },
				output: (kind, text) => this.#output.write(kind, text),
				notice: (text) => { this.#facts.textContent = text; },
				end: (task) => {
					const v = verdict(task);
					this.#output.flush();
					this.#show(v.tone, v.title, [...v.facts, ...v.tone === "bad" && v.message ? [v.message] : []].join(" \u00b7 "));
				},
				failed: (error) => this.#show("bad", "Not run", errorText(error)),
			});
			await this.#task.start(this.#job(job));
		}

		#job({ splitArguments }) {
			const job = { language: this.getAttribute("language") ?? "python", code: this.#code.value };
			if (this.hasAttribute("version"))
				job.version = this.getAttribute("version");
			if (this.hasAttribute("arguments"))
				job.arguments = splitArguments(this.getAttribute("arguments"));
			if (this.hasAttribute("interactive"))
				job.stdin_stream = true;
			else if (this.hasAttribute("stdin"))
				job.stdin = this.getAttribute("stdin");
			return job;
		}

		#send(text, eof) {
			this.#typed.value = "";
			if (text)
				this.#output.write("input", text);
			if (eof)
				this.#form.hidden = true;
			this.#task.send(text, eof).catch((error) => {
				if (this.#task.live)
					this.#facts.textContent = error.message;
			});
		}
	}

	if (!customElements.get("cee-run"))
		customElements.define("cee-run", CeeRun);
})();
