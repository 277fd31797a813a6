'use strict';
// fetch.cjs - npm's packages for a layer: runs in a package box, cee-languages(5)
//
// A request on standard input, the tree in ./layer: node_modules, and lock.json from npm's own
// package-lock.json. No script of a package runs (--ignore-scripts), no configuration counts but
// what the request says, and all comes from the registry: registry-npm.cjs, preloaded into npm,
// refuses what a package wants from elsewhere before it is asked for. Where the index is a folder
// of *.tgz, a registry of that folder is served to npm on loopback.
//
// Users get npm's code and what it says of names and versions. What a server may have written
// (bodies, addresses, reasons of HTTP) is not shown.
//
// Exit status: 0 done, 1 there is no such thing (the reason is on standard error), 75 the
// registry did not answer as one does, 70 anything else.
const { execFileSync, spawn } = require('child_process');
const crypto = require('crypto');
const fs = require('fs');
const http = require('http');
const path = require('path');
const zlib = require('zlib');

const WRONG = 1, OURS = 70, AGAIN = 75;
const GUARD = path.join(__dirname, 'registry-npm.cjs'), REFUSED = path.resolve('refused');
const USERS = /^(E404|ETARGET|ENOVERSIONS|EBADPLATFORM|EBADENGINE|ERESOLVE|EUNSUPPORTEDPROTOCOL|EINVALIDPACKAGENAME|EINVALIDTAGNAME)$/;
const NETWORK = /^(E5\d\d|E429|E40[0-37-9]|ECONN\w+|ETIMEDOUT|ENOTFOUND|EAI_\w+|EINTEGRITY|FETCH_ERROR|ERR_\w+|EPIPE|EHOSTUNREACH|ENETUNREACH|ESOCKETTIMEDOUT|EJSONPARSE|Z_\w+|TAR_\w+|UNABLE_TO_\w+|CERT_\w+|SELF_SIGNED\w+|DEPTH_ZERO\w+|EPROTO)$/;
// npm's general advice, which helps nobody here
const NOISE = /^(code |path |syscall |errno |\}|If you are|'proxy'|Log files|A complete log|(404|network|notarget)( *| Note .*| tarball.*| In most .*| a package version .*| 'proxy' .*)$)/;
// names and versions: no address, no sentence that a server wrote
const MISSING = /^'[\w@.\/^~<>=|* -]{1,300}' is not in this registry\.$/;
const PLAIN = /^(?!.*:\/\/)[\w@.\/^~<>=|* "'(){}:,!-]{1,300}$/;

class Failure extends Error {
	constructor(status, message) { super(message); this.status = status; }
}

// ---- a folder as a registry ----------------------------------------------------

// The package.json of an archive: the only file of one folder's depth that is called so.
function manifest(bytes) {
	const tar = zlib.gunzipSync(bytes, { maxOutputLength: 1 << 30 });
	for (let at = 0; at + 512 <= tar.length && tar[at];) {
		const field = (from, n) => tar.toString('utf8', at + from, at + from + n).replace(/\0.*$/s, '');
		const size = /^ *[0-7]+ *$/.test(field(124, 12)) ? parseInt(field(124, 12), 8) : 0;
		if (/^[^/]+\/package\.json$/.test(field(0, 100)))
			return JSON.parse(tar.toString('utf8', at + 512, at + 512 + size));
		at += 512 + Math.ceil(size / 512) * 512;
	}
	return null;
}

function packuments(folder, address) {
	const all = new Map();
	for (const file of fs.readdirSync(folder).filter((f) => f.endsWith('.tgz')).sort()) {
		const bytes = fs.readFileSync(path.join(folder, file));
		const m = manifest(bytes);
		if (!m || !m.name || !m.version)
			throw new Failure(OURS, `${file} of packages.index.npm has no package.json with a name and a version`);
		if (!all.has(m.name))
			all.set(m.name, { name: m.name, 'dist-tags': {}, versions: {} });
		const p = all.get(m.name);
		p.versions[m.version] = { ...m, dist: {
			tarball: `${address}/-/${encodeURIComponent(file)}`,
			integrity: 'sha512-' + crypto.createHash('sha512').update(bytes).digest('base64') } };
		p['dist-tags'].latest = m.version;
	}
	return all;
}

async function serve(folder) {
	const server = http.createServer((request, response) => {
		const name = decodeURIComponent(request.url.slice(1));
		const found = name.startsWith('-/') ? null : all.get(name);
		if (found)
			return response.end(JSON.stringify(found));
		if (name.startsWith('-/') && !name.slice(2).includes('/'))
			return fs.createReadStream(path.join(folder, name.slice(2))).on('error', () => response.destroy()).pipe(response);
		response.writeHead(404).end('{}');
	});
	await new Promise((done) => server.listen(0, '127.0.0.1', done));
	const address = `http://127.0.0.1:${server.address().port}`;
	const all = packuments(folder, address);
	return address + '/';
}

// ---- npm ------------------------------------------------------------------------

function program(name) {
	const found = process.env.PATH.split(':').map((d) => path.join(d, name)).find((f) => fs.existsSync(f));
	if (!found)
		throw new Failure(OURS, `${name} is not in the image`);
	return found;
}

function npm(args, registry) {
	return new Promise((resolve, reject) => {
		const child = spawn(process.execPath, [`--require=${GUARD}`, program('npm'), ...args, '--registry', registry], {
			cwd: 'project', stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, CEE_REGISTRY: registry, CEE_REFUSED: REFUSED } });
		let words = '';
		child.stderr.setEncoding('utf8').on('data', (d) => { words = (words + d).slice(-65536); });
		child.on('error', reject).on('close', (status) => resolve({ status, words }));
	});
}

function judge(words) {
	const said = words.split('\n').filter((l) => /^npm ERR! \S/.test(l)).map((l) => l.slice(9).trim());
	const code = ((said.find((l) => l.startsWith('code ')) || '').slice(5));
	const lines = said.filter((l) => !NOISE.test(l)).map((l) => l.replace(/^(404|notarget|network) +/, ''));
	const plain = code === 'E404' ? MISSING : PLAIN;
	const text = [code, ...lines.filter((l) => plain.test(l) && l !== code)].join('\n').slice(0, 4000);
	if (/ENOSPC|EDQUOT/.test(code) || /ENOSPC/.test(words))
		return new Failure(WRONG, 'the packages take more room than a layer may have');
	if (USERS.test(code))
		return new Failure(WRONG, text);
	if (/aliases only work for registry deps|nested aliases not supported/.test(words))
		return new Failure(WRONG, 'a package is asked for by an alias of an address; packages come from the registry alone');
	if (NETWORK.test(code) || /Invalid response body|invalid json|Unexpected token|socket hang up|network timeout|zlib:|TAR_BAD|premature close|Response timeout|aborted|incorrect header check|Premature/i.test(words))
		return new Failure(AGAIN, `${NETWORK.test(code) ? code + ': ' : ''}the registry did not answer as one does`);
	return new Failure(OURS, `npm failed${/^\w+$/.test(code) ? ': ' + code : ''}`);
}

// What of a dependency is an address, a path or a repository and no version of the registry's
function foreign(spec) {
	return /^\.|[:/\\]|\.(tgz|tar|tar\.gz)$/i.test(spec) && !/^npm:(@[^/@:]+\/)?[^/:]+$/.test(spec);
}

function lock() {
	const packages = JSON.parse(fs.readFileSync('project/package-lock.json', 'utf8')).packages;
	const taken = [];
	for (const [place, p] of Object.entries(packages)) {
		for (const [name, spec] of Object.entries({ ...p.dependencies, ...p.optionalDependencies }))
			if (foreign(spec))
				throw new Failure(WRONG, `${name} is not asked for by a version; packages come from the registry alone`);
		const at = place.lastIndexOf('node_modules/');
		if (at < 0)
			continue;
		if (!p.version || p.link)
			throw new Failure(WRONG, `${place} has no version of the registry's`);
		taken.push({ name: p.name || place.slice(at + 13), version: p.version, hash: p.integrity || '' });
	}
	return taken.sort((a, b) => (a.name < b.name ? -1 : 1));
}

// The public registry is the one that npm itself knows.
function publicRegistry() {
	return execFileSync(process.execPath, [program('npm'), 'config', 'get', 'registry', '--loglevel=silent'], { encoding: 'utf8' }).trim();
}

async function main() {
	if (process.argv[2] === '--registry') {	// for the image's label
		const { protocol, hostname, port } = new URL(publicRegistry());
		return console.log(`${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`);
	}
	const request = JSON.parse(fs.readFileSync(0, 'utf8'));
	const dependencies = Object.fromEntries(request.packages.map((p) => [p.name, p.version]));
	fs.mkdirSync('project');
	fs.mkdirSync('layer');
	fs.writeFileSync('project/package.json', JSON.stringify({ private: true, dependencies }));
	const none = path.resolve('none');
	const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-update-notifier', '--no-bin-links', '--omit=dev',
		'--no-color', '--no-progress', '--loglevel=error', '--logs-max=0', '--lockfile-version=3',
		'--userconfig', `${none}-user`, '--globalconfig', `${none}-global`, '--cache', path.resolve('cache'),
		'--fetch-retries=2', '--fetch-retry-mintimeout=300', '--fetch-retry-maxtimeout=2000', '--fetch-timeout=20000'];
	const index = request.index || publicRegistry();
	const done = await npm(args, index.startsWith('/') ? await serve(index) : index);
	if (fs.existsSync(REFUSED))
		throw new Failure(WRONG, `${fs.readFileSync(REFUSED, 'utf8')}\nof what is asked for: ${request.packages.map((p) => p.name).join(', ').slice(0, 500)}`);
	if (done.status !== 0)
		throw judge(done.words);
	const taken = lock();
	fs.renameSync('project/node_modules', 'layer/node_modules');
	fs.rmSync('layer/node_modules/.package-lock.json', { force: true });
	fs.writeFileSync('layer/lock.json', JSON.stringify(taken));
}

main().then(() => process.exit(0), (e) => {
	console.error(e instanceof Failure ? e.message : e.stack);
	process.exit(e instanceof Failure ? e.status : OURS);
});
