// page.js - the page: connects its form and its output with the current task
//
// The address names the task (#id=...), so a reload or a link shows it again. Programs that were not run yet
// are kept for this tab, one for each language.

import { Api, Problem, errorText } from "./api.js";
import { makeEditor } from "./editor.js";
import { Files } from "./files.js";
import { IMAGES, makeJob, mebibytes, readJob } from "./job.js";
import { messages } from "./messages.js";
import { Output } from "./output.js";
import { fillRecent } from "./recent.js";
import { Run } from "./run.js";
import { bytes, seconds, verdict } from "./verdict.js";

const $ = (id) => document.getElementById(id);
const WALL = 60;		// default limit of wall time in seconds, if the language's ceiling allows it
const ERRORS_KEPT = 200000;	// characters of standard error that are searched for messages
const PICTURES = 50;		// at most so many images are shown
const DRAFTS = "cee-drafts";

const api = new Api();
const output = new Output($("output"));
const editor = makeEditor($("editor"), {
	onRun: start, onChange: keepDraft,
});
const files = new Files(editor, {
	tabs: $("tabs"), add: $("add"), upload: $("upload"), picker: $("picker"), bar: $("file-bar"), name: $("file-name"),
	remove: $("remove"), binary: $("binary"), host: $("program"), refused: say,
}, keepDraft);
const run = new Run(api, {
	state: (text) => show("calm", text),
	task: (id) => { started(id); },
	running: () => { clock.start(); typing(true); },
	output: (kind, text) => {
		if (kind === "stderr")
			errors = (errors + text).slice(-ERRORS_KEPT);
		output.write(kind, text);
	},
	notice: say,
	end: ended,
	failed,
});

let languages = [], errors = "", inputEnded = false, filling = true, blobs = [], openJob = null;

// ---- the display ------------------------------------------------------------------------

function show(tone, title, facts = []) {
	$("status").dataset.tone = tone;
	$("verdict").textContent = title;
	$("facts").textContent = facts.join(" \u00b7 ");
}

function say(text) {
	$("notice").textContent = text ?? "";
	$("notice").hidden = !text;
}

// Shows for how long the program has run.
const clock = {
	timer: 0, from: 0,
	start() {
		clearInterval(this.timer);
		this.from = performance.now();
		this.timer = setInterval(() => {
			const s = (performance.now() - this.from) / 1000;
			if (s >= 1)
				$("facts").textContent = seconds(Math.floor(s)).replace(/\.0+ /, " ");
		}, 500);
	},
	stop() { clearInterval(this.timer); },
};

function buttons() {
	$("run").disabled = languages.length === 0;
	$("stop").disabled = !run.live || !run.id;
	$("link").disabled = !run.id;
}

function typing(open) {
	const was = !$("typing").hidden, inside = $("typing").contains(document.activeElement);
	$("typing").hidden = !(open && openJob?.stdin_stream && !inputEnded);
	if (was && inside && $("typing").hidden)
		$("output").focus();
}

// ---- languages --------------------------------------------------------------------------------

const language = () => languages.find((l) => l.id === $("language").value);
const mainName = (l) => l?.file ?? `main${l?.extensions?.[0] ?? ".txt"}`;

function option(value, text) {
	const o = document.createElement("option");
	o.value = value;
	o.textContent = text;
	return o;
}

function drafts() {
	try {
		return JSON.parse(sessionStorage.getItem(DRAFTS)) ?? {};
	} catch {
		return {};
	}
}

// Saves the program for a reload. Errors are ignored: the user can go on writing without it.
function keepDraft() {
	if (filling || !language())
		return;
	try {
		sessionStorage.setItem(DRAFTS, JSON.stringify({
			...drafts(), last: $("language").value, of: run.id, [$("language").value]: files.main }));
	} catch {
		// the storage is full or not available
	}
}

// The versions to choose from: "3.11" and "3" are aliases of "3.11.2", so they are left out.
function choices(l) {
	const all = l.frameworks?.length ? l.frameworks : l.versions ?? [];
	return all.filter((v) => !all.some((other) => other.startsWith(`${v}.`)));
}

function chooseVersion(l, chosen = "") {
	const list = choices(l);
	$("version").replaceChildren(...list.map((v) => option(v, v)));
	$("version-field").hidden = list.length < 2;
	if (list.includes(chosen))
		$("version").value = chosen;
}

function bounds(l) {
	const most = l.ceilings?.run ?? {}, usual = l.limits?.run ?? {};
	$("packages-field").hidden = !l.works?.packages;
	$("wall").max = most.wall ?? "";
	$("wall").placeholder = Math.min(WALL, most.wall ?? WALL);
	$("memory").max = mebibytes(most.memory);
	$("memory").placeholder = mebibytes(usual.memory);
}

// Shows the draft in another language, or its hello. The previous language's program is kept as its draft.
function chooseLanguage(id) {
	const l = languages.find((x) => x.id === id) ?? languages[0];
	filling = true;
	$("language").value = l.id;
	chooseVersion(l);
	bounds(l);
	files.set(mainName(l), drafts()[l.id] ?? l.hello ?? "", files.others);
	filling = false;
	keepDraft();
}

async function loadLanguages() {
	languages = (await api.get("languages")).languages;
	$("language").replaceChildren(...languages.map((l) => option(l.id, l.title ?? l.id)));
	$("language").disabled = false;
	buttons();
}

// ---- a run --------------------------------------------------------------------------------------

function clean() {
	output.clear();
	errors = "";
	inputEnded = false;
	for (const url of blobs)
		URL.revokeObjectURL(url);
	blobs = [];
	$("images").replaceChildren();
	$("kept").replaceChildren();
	$("files").hidden = $("raw").hidden = true;
	clock.stop();
	say("");
	typing(false);
}

function form() {
	const l = language();
	for (const field of [$("wall"), $("memory")])
		if (!field.checkValidity()) {
			$("options").open = true;
			field.reportValidity();
			throw new Error(`${field.labels[0].firstChild.textContent.trim()}: ${field.validationMessage}`);
		}
	const version = choices(l).length > 1 ? $("version").value : "";
	return makeJob({
		language: l.id, version: l.frameworks?.length ? "" : version, framework: l.frameworks?.length ? $("version").value : "",
		files, args: $("arguments").value, stdin: $("stdin").value, packages: l.works?.packages ? $("packages").value : "",
		collect: $("collect").value, wall: $("wall").value || $("wall").placeholder, memory: $("memory").value,
	});
}

async function start() {
	// a task that is being submitted has no id yet, so it cannot be cancelled
	if (!language() || (run.live && !run.id))
		return;
	if (run.live)
		run.cancel().catch(() => {});
	clean();
	editor.clearMarks();
	try {
		openJob = form();
	} catch (error) {
		show("bad", "Not submitted");
		say(error.message);
		return;
	}
	show("calm", "Submitting");
	if (matchMedia("(max-width: 799px)").matches)
		$("outcome").scrollIntoView();
	const done = run.start(openJob);
	buttons();
	await done;
}

function started(id) {
	history.pushState(null, "", `#id=${id}`);
	show("calm", "Waiting");
	buttons();
	raw(id);
	if (!$("recent").hidden)
		recent();
}

function raw(id) {
	for (const [link, stream] of [["raw-out", "stdout"], ["raw-err", "stderr"]]) {
		$(link).href = api.url(`tasks/${id}/${stream}`);
		$(link).onclick = (e) => {
			if (!api.token)
				return;
			// following a link sends no token
			e.preventDefault();
			save(`tasks/${id}/${stream}`, `${stream}.txt`);
		};
	}
}

async function save(path, name) {
	try {
		const a = document.createElement("a");
		a.href = await blobOf(path);
		a.download = name;
		a.click();
		setTimeout(() => URL.revokeObjectURL(a.href), 60000);
	} catch (error) {
		say(errorText(error));
	}
}

function ended(task) {
	const v = verdict(task), run_ = task.result?.phases?.run;
	output.flush();
	clock.stop();
	typing(false);
	show(v.tone, v.title, v.facts);
	if (task.result?.why !== "exited" && task.result?.why !== "compile error")
		say(v.message);
	// the line numbers are wrong once the program has been edited
	if (files.main === readJob(openJob).code)
		files.mark(messages(errors, files.names));
	$("raw").hidden = !run_ || !(run_.stdout_bytes || run_.stderr_bytes);
	buttons();
	if (task.result?.files?.count > 0)
		collected(task.id);
	if (!$("recent").hidden)
		recent();
}

function failed(error, title = run.id ? "Not followed" : "Not submitted") {
	clock.stop();
	typing(false);
	buttons();
	if (error instanceof Problem && error.status === 401)
		askToken(error.message);
	show("bad", title);
	say(errorText(error));
}

async function stop() {
	$("stop").disabled = true;
	try {
		await run.cancel();
	} catch (error) {
		if (!(error instanceof Problem && error.status === 409))
			say(errorText(error));
		buttons();
	}
}

// ---- input -----------------------------------------------------------------------------------

async function send(text, eof) {
	if (text)
		output.write("input", text);
	if (eof) {
		inputEnded = true;
		typing(false);
	}
	try {
		await run.send(text, eof);
	} catch (error) {
		if (run.live)
			say(errorText(error));
	}
}

// ---- collected files ---------------------------------------------------------------------------

async function collected(id) {
	try {
		const list = (await api.get(`tasks/${id}/files`)).files;
		if (run.id !== id)
			return;
		const pictures = list.filter((f) => f.type.startsWith("image/")).slice(0, PICTURES);
		$("kept").replaceChildren(...list.filter((f) => !pictures.includes(f)).map((f) => kept("li", id, f)));
		$("files").hidden = list.length === 0;
		for (const f of pictures)
			await picture(id, f);
	} catch (error) {
		say(errorText(error));
	}
}

const address = (id, name) => `tasks/${id}/files/${name.split("/").map(encodeURIComponent).join("/")}`;

async function blobOf(path) {
	return URL.createObjectURL(await (await api.ask("GET", path)).blob());
}

async function picture(id, file) {
	const url = await blobOf(address(id, file.name));
	if (run.id !== id) {
		URL.revokeObjectURL(url);
		return;
	}
	blobs.push(url);
	const figure = document.createElement("figure"), image = document.createElement("img");
	image.src = url;
	image.alt = file.name;
	figure.append(image, kept("figcaption", id, file));
	$("images").append(figure);
}

function kept(element, id, { name, size }) {
	const item = document.createElement(element), button = document.createElement("button"), n = document.createElement("span");
	button.type = "button";
	button.className = "quiet";
	button.textContent = name;
	button.addEventListener("click", () => save(address(id, name), name.split("/").at(-1)));
	n.textContent = bytes(size);
	item.append(button, n);
	return item;
}

// ---- earlier tasks -------------------------------------------------------------------------------

function asked() {
	return /^#id=([0-9a-fA-F-]{36})$/.exec(location.hash)?.[1].toLowerCase() ?? null;
}

// draft: the program that this tab has saved, after a reload
async function open(id, draft = {}) {
	clean();
	show("calm", "Opening");
	run.leave();
	try {
		openJob = await api.get(`tasks/${id}/job`);
	} catch (error) {
		failed(error, "Not opened");
		return;
	}
	fill(readJob(openJob));
	const resumed = resume(id, draft), done = run.open(id);
	if (resumed)
		keepDraft();
	raw(id);
	buttons();
	await done;
}

// Restores the changes made after that task was run and before a reload.
function resume(id, { of, last, [$("language").value]: text }) {
	if (of !== id || last !== $("language").value || text === undefined || text === files.main)
		return false;
	filling = true;
	files.main = text;
	filling = false;
	return true;
}

function fill(job) {
	const l = languages.find((x) => x.id === job.language || x.aliases?.includes(job.language));
	filling = true;
	if (l) {
		$("language").value = l.id;
		chooseVersion(l, job.framework || job.version);
		bounds(l);
	}
	files.set(mainName(l), job.code, job.others);
	if (String(job.wall) === $("wall").placeholder)
		job.wall = "";
	for (const field of ["arguments", "stdin", "packages", "collect", "wall", "memory"])
		$(field).value = job[field === "arguments" ? "args" : field];
	filling = false;
	showSetOptions();
}

async function recent() {
	try {
		await fillRecent(api, $("recent-list"), $("recent-none"), run.id);
	} catch (error) {
		$("recent-list").replaceChildren();
		$("recent-none").hidden = false;
		$("recent-none").textContent = errorText(error);
	}
}

function toggleRecent() {
	$("recent").hidden = !$("recent").hidden;
	$("recent-button").setAttribute("aria-expanded", String(!$("recent").hidden));
	if (!$("recent").hidden)
		recent();
}

// ---- the form -----------------------------------------------------------------------------------

// Lists the options that are set in the folded part, so that users notice them.
function showSetOptions() {
	const set = [["arguments", "arguments"], ["stdin", "input"], ["packages", "packages"], ["wall", "time"], ["memory", "memory"]]
		.filter(([id]) => $(id).value.trim()).map(([, name]) => name);
	$("options-set").textContent = set.length > 0 ? `(set: ${set.join(", ")})` : "";
}

async function copyLink() {
	try {
		await navigator.clipboard.writeText(location.href);
		$("link").textContent = "Copied";
	} catch {
		$("link").textContent = "Copy it from the address bar";
	}
	setTimeout(() => { $("link").textContent = "Copy link"; }, 1500);
}

function askToken(why) {
	$("login").hidden = false;
	$("login-why").textContent = why;
	$("token").focus();
}

function keys(event) {
	const command = event.ctrlKey || event.metaKey;
	if (command && event.key === "Enter" && !event.defaultPrevented) {
		event.preventDefault();
		start();
	} else if (event.ctrlKey && event.key === "d" && event.target === $("typed")) {
		event.preventDefault();
		send($("typed").value, true);
		$("typed").value = "";
	} else if (event.key === "Escape" && !$("recent").hidden && $("recent").contains(document.activeElement)) {
		toggleRecent();
		$("recent-button").focus();
	}
}

$("run").addEventListener("click", start);
$("stop").addEventListener("click", stop);
$("link").addEventListener("click", copyLink);
$("recent-button").addEventListener("click", toggleRecent);
$("language").addEventListener("change", () => chooseLanguage($("language").value));
$("options").addEventListener("input", showSetOptions);
$("eof").addEventListener("click", () => { send($("typed").value, true); $("typed").value = ""; });
$("typing").addEventListener("submit", (e) => {
	e.preventDefault();
	send($("typed").value + "\n", false);
	$("typed").value = "";
});
$("login").addEventListener("submit", (e) => {
	e.preventDefault();
	api.token = $("token").value.trim();
	$("token").value = "";
	$("login").hidden = true;
	begin();
});
document.addEventListener("keydown", keys);
addEventListener("popstate", () => {
	const id = asked();
	if (id && id !== run.id)
		open(id);
});

async function begin() {
	say("");
	try {
		await loadLanguages();
	} catch (error) {
		files.set("main.txt", "");
		failed(error, "Not ready");
		return;
	}
	$("collect").value = IMAGES;
	if (asked()) {
		const draft = drafts();
		chooseLanguage(draft.last);
		await open(asked(), draft);
		return;
	}
	chooseLanguage(drafts().last ?? (languages.some((l) => l.id === "python") ? "python" : languages[0].id));
	show("calm", "Ready");
	editor.focus();
}

begin();
