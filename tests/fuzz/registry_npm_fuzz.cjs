#!/usr/bin/env node
'use strict';
// registry_npm_fuzz.cjs [SECONDS] [SEED] - addresses and packuments of a hostile registry through registry-npm.cjs
//
// The npm of this machine with what registry-npm.cjs puts into it. Below it is no network: each request that node would
// send comes here, and is answered with a mutated packument, archive or redirect. What must hold, whatever the answers are:
//
//     request      none leaves for another host than the registry's
//     dependency   what fetch.cjs takes for a version of the registry's is one for npm, too
//     message      of what npm says users get text without an address, with one of the three statuses
//     archive      each archive of a folder of packages is read to its end, or refused
//
// The corpus is corpus/registry_npm_fuzz; needs an npm, else it says so and is skipped.
const { EventEmitter } = require('events');
const fs = require('fs');
const { createRequire } = require('module');
const os = require('os');
const path = require('path');
const { PassThrough } = require('stream');
const zlib = require('zlib');

// the other folder has a copy with a planted fault
const GUARDS = process.env.FUZZED_JAVASCRIPT || path.join(__dirname, '../../etc/languages.d/javascript');
const CORPUS = path.join(__dirname, 'corpus/registry_npm_fuzz');
const REGISTRY = 'https://registry.example:8443/';
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'registry-npm-fuzz-'));
const seconds = Number(process.argv[2] || 20), seed = Number(process.argv[3] || 1);

class Broken extends Error { }
class Refused extends Error { }

// ---- chance ----------------------------------------------------------------------

let state = BigInt(seed) * 0x9E3779B97F4A7C15n & 0xFFFFFFFFFFFFFFFFn || 1n;
function draw(n) {	// xorshift
	state ^= state << 13n & 0xFFFFFFFFFFFFFFFFn;
	state ^= state >> 7n;
	state ^= state << 17n & 0xFFFFFFFFFFFFFFFFn;
	return Number((state >> 11n) % BigInt(n));
}
const pick = (list) => list[draw(list.length)];
const corpus = (kind) => fs.readdirSync(CORPUS).filter((f) => f.startsWith(kind)).sort().map((f) => fs.readFileSync(path.join(CORPUS, f), 'utf8'));

const WORDS = ['http:', 'https:', 'file:', 'git+ssh:', 'git:', 'npm:', 'github:', '//', '/', '\\', '@', '#', '?', ':', '..', '%2f', '%40', '[::1]', '127.0.0.1',
	'evil.example', 'registry.example', 'registry.example:8443', 'REGISTRY.EXAMPLE.', '\t', '\n', '\0', ' ', '\u3002', '\uff20', 'npm:two@1.0.0', 'file:../x',
	'git+https://evil.example/x.git', 'https://evil.example/x.tgz', 'evil/x', '1.0.0', '^1', '*', 'latest', '{', '}', 'null', '"', '-1', '1e999', 'npm ERR! code E404'];

function mutate(text, pool) {
	for (let n = pick([1, 1, 1, 2, 3, 6]); n > 0; n--) {
		const a = draw(text.length + 1), b = draw(text.length + 1), i = Math.min(a, b), j = Math.max(a, b), other = pick(pool), k = draw(other.length + 1);
		switch (draw(6)) {
		case 0: text = text.slice(0, i) + pick(WORDS) + text.slice(i); break;
		case 1: text = text.slice(0, i) + text.slice(Math.min(j, i + 8)); break;
		case 2: text = text.slice(0, i) + String.fromCharCode(pick([0, 9, 10, 32, 37, 47, 64, 92, 127, draw(0xd7ff)])) + text.slice(i + 1); break;
		case 3: text = text.slice(0, j) + text.slice(i); break;
		case 4: text = text.slice(0, i) + other.slice(k, k + 40) + text.slice(i); break;
		case 5: {
			const words = WORDS.filter((w) => text.includes(w));
			if (words.length)
				text = text.replace(pick(words), () => pick(WORDS));
		}
		}
	}
	return text.slice(0, 20000);
}

// ---- in the place of the network -------------------------------------------------

let refused = false, broken = null;
const packuments = corpus('packument'), addresses = corpus('address'), messages = corpus('message'), specs = corpus('spec').join('\n').split('\n').filter((s) => s);

function archive(name) {
	const head = Buffer.alloc(512), body = Buffer.from(`{"name":"${name}","version":"1.0.0"}`);
	head.write('package/package.json');
	head.write('0000644\0', 100);
	head.write(body.length.toString(8).padStart(11, '0') + '\0', 124);
	head.write('        ', 148);
	head.write('0ustar\0' + '00', 156);
	head.write(head.reduce((a, b) => a + b, 0).toString(8).padStart(6, '0') + '\0 ', 148);
	return zlib.gzipSync(Buffer.concat([head, body, Buffer.alloc(1024 + 512 - body.length)]));
}

function answer(where) {
	const r = new PassThrough();
	const way = draw(10);
	let text = pick(packuments);

	r.statusCode = 200;
	r.headers = { 'content-type': 'application/json' };
	r.trailers = {};
	if (where.endsWith('.tgz')) {
		r.headers = {};
		text = archive('one');
	} else if (way < 7) {
		text = mutate(text, packuments);
	}
	if (way === 9) {
		r.statusCode = pick([301, 302, 303, 307, 308, 404, 500, 429]);
		r.headers.location = encodeURI(mutate(pick(addresses), addresses).replace(/[^ -~]/g, ''));
	}
	r.statusMessage = 'x';
	r.rawHeaders = Object.entries(r.headers).flat();
	r.end(text);
	return r;
}

function network(scheme, options) {
	const host = options.hostname || options.host || 'localhost', port = options.port || (scheme === 'https' ? 443 : 80);
	const respond = () => {
		try {
			request.emit('response', answer(options.path || '/'));
		} catch (e) {	// npm's program would end here, and fetch.cjs judges its last words
			request.emit('error', e);
		}
	};
	const request = Object.assign(new EventEmitter(), { setTimeout() { return request; }, setNoDelay() { }, setSocketKeepAlive() { }, abort() { }, destroy() { },
		write() { return true; }, setHeader() { }, getHeader() { }, end() { setImmediate(respond); return request; } });

	if (!refused && (`${scheme}://${host}:${port}/`.toLowerCase() !== REGISTRY || options.socketPath))
		broken = new Broken(`a request was sent to ${scheme}://${host}:${port}${options.path} (${options.href || ''})`);
	return request;
}

// ---- what is tried ---------------------------------------------------------------

function without(program) {	// the functions of fetch.cjs: its last statement would run it
	const text = fs.readFileSync(program, 'utf8');
	const at = text.lastIndexOf('\nmain().then');
	const made = { exports: {} };

	if (at < 0)
		throw new Error('fetch.cjs does not end as it did');
	new Function('module', 'require', '__dirname', `${text.slice(0, at)}\nmodule.exports = { judge, foreign, manifest, Failure };`)(made, require, GUARDS);
	return made.exports;
}

function options() {
	const o = {}, some = () => mutate(pick(addresses), addresses);
	let u = null;

	try {
		u = new URL(some());
	} catch { }
	if (draw(3) && u)
		Object.assign(o, { href: u.href, protocol: u.protocol, hostname: u.hostname, host: u.hostname, port: u.port, path: u.pathname });
	for (const field of ['href', 'protocol', 'hostname', 'host', 'port', 'path'])
		if (!draw(6))
			o[field] = field === 'port' ? pick(['8443', '443', '', 80]) : draw(2) && u ? (u[field] ?? some()) : some();
	return o;
}

async function packages(pacote, n) {
	const rest = { registry: REGISTRY, cache: path.join(folder, `cache-${n % 50}`), fetchRetries: 0, preferOnline: true, fullMetadata: !!draw(2), timeout: 1000 };

	try {
		const m = await pacote.manifest('one@*', rest);
		if (m._resolved)
			await pacote.tarball(m._resolved, { ...rest, resolved: m._resolved, integrity: draw(2) ? m._integrity : undefined });
		for (const [name, spec] of Object.entries({ ...m.dependencies, ...m.optionalDependencies }).slice(0, 3))
			await pacote.manifest(`${name}@${spec}`, rest);
	} catch (e) {
		if (e instanceof Broken)
			throw e;
	}
}

function depends(foreign, npa, known) {
	const spec = mutate(pick(specs), specs);
	let parsed;

	if (foreign(spec))
		return;
	try {
		parsed = npa.resolve('one', spec);
	} catch {
		return;	// npm refuses it
	}
	while (parsed.subSpec)
		parsed = parsed.subSpec;
	if (!known.includes(parsed.type))
		throw new Broken(`${JSON.stringify(spec)} is taken for a version of the registry's, and is ${parsed.type} for npm`);
}

function judged(judge, Failure) {
	const f = judge(mutate(pick(messages), [...messages, ...addresses]));

	if (!(f instanceof Failure) || ![1, 70, 75].includes(f.status) || f.message.length > 4100)
		throw new Broken(`a message gives ${f}`);
	if (f.message.includes('://'))
		throw new Broken(`users would read ${JSON.stringify(f.message)}`);
}

function archives(manifest) {
	const bytes = zlib.gunzipSync(archive('one'));

	for (let n = 1 + draw(8); n > 0; n--)
		bytes[pick([draw(512), 124 + draw(12), draw(bytes.length)])] = pick([0, 0x2d, 0x30, 0x37, 0x80, 0xff, draw(256)]);
	if (!draw(4))
		bytes.write(pick(['-', '-1000', '77777777777', '-0', '+1', '0x10']), 124 + draw(3));
	try {
		manifest(zlib.gzipSync(bytes));
	} catch (e) {
		if (!(e instanceof SyntaxError))
			throw new Broken(`an archive ends the program: ${e.stack}`);
	}
}

async function main() {
	const found = process.env.PATH.split(':').map((d) => path.join(d, 'npm')).find((f) => fs.existsSync(f));

	if (!found)
		return console.log('registry_npm_fuzz: skipped: there is no npm');
	process.argv[1] = found;
	process.env.CEE_REGISTRY = REGISTRY;
	process.env.CEE_REFUSED = path.join(folder, 'refused');
	process.kill = () => { refused = true; throw new Refused('killed'); };
	for (const scheme of ['http', 'https'])
		require(scheme).request = (o) => network(scheme, o);
	require(path.join(GUARDS, 'registry-npm.cjs'));
	const npm = createRequire(fs.realpathSync(found));
	const pacote = npm('pacote'), npa = npm('npm-package-arg');
	const { judge, foreign, manifest, Failure } = without(path.join(GUARDS, 'fetch.cjs'));
	const counts = { options: 0, dependencies: 0, messages: 0, archives: 0, packages: 0 };
	const end = Date.now() + seconds * 1000;
	process.on('unhandledRejection', () => { });	// of a refusal, which ends the real one

	for (let n = 0; Date.now() < end || !n; n++) {
		for (let i = 0; i < 100; i++) {
			refused = false;
			try {
				require(pick(['http', 'https'])).request(options());
			} catch (e) {
				if (!(e instanceof Refused))
					throw new Broken(`options end the program: ${e.stack}`);
			}
			counts.options++;
			depends(foreign, npa, ['version', 'range', 'tag']), counts.dependencies++;
			judged(judge, Failure), counts.messages++;
			archives(manifest), counts.archives++;
			if (broken)
				throw broken;
		}
		refused = false;
		await Promise.race([packages(pacote, n), new Promise((no, yes) => setTimeout(yes, 20000, new Broken('npm does not end')).unref())]);
		counts.packages++;
		if (broken)
			throw broken;
	}
	console.log(`registry_npm_fuzz: ${Object.entries(counts).map(([k, v]) => `${v} ${k}`).join(', ')}, seed ${seed}`);
}

main().then(() => 0, (e) => {
	console.log(`not ok registry_npm_fuzz: seed ${seed}: ${e instanceof Broken ? e.message : e.stack}`);
	return 1;
}).then((status) => {
	fs.rmSync(folder, { recursive: true, force: true });
	process.exit(status);
});
