'use strict';
// registry-npm.cjs - npm that asks the registry alone: preloaded into npm by fetch.cjs
//
// CEE_REGISTRY is the registry's address, CEE_REFUSED the file that takes the reason of a refusal.
// Three checks, each before anything is sent:
//
//     dependency   one by an address, a path or git is refused
//     request      none goes to another host than the registry's: dist.tarball and redirects
//     program      none is started: no git, no script
//
// A refusal ends npm at once, because npm goes on without an optional dependency that fails. The
// reason holds names of packages and nothing else that a package or a server chose. An npm that
// lacks one of the places that are changed here does not start.
const fs = require('fs');
const { createRequire } = require('module');

const ALONE = 'packages come from the registry alone';
const HOST = /^[\w.-]+$|^\[?[\da-f:.]+\]?$/i;
const NAME = /^(@[a-z0-9~._-]+\/)?[a-z0-9~._-]+$/i;

const origin = (address) => new URL(address).origin;
const registry = origin(process.env.CEE_REGISTRY);

function refuse(name, what) {
	fs.writeFileSync(process.env.CEE_REFUSED, `${NAME.test(name || '') && name.length < 215 ? name : 'a package'}: ${what}; ${ALONE}`);
	process.kill(process.pid, 'SIGKILL');
	throw new Error(what);	// the signal may take a moment
}

// ---- dependencies ----------------------------------------------------------------

const FOREIGN = { git: 'is asked for by git', remote: 'is asked for by an address', file: 'is asked for by a path', directory: 'is asked for by a path' };

function watchDependencies() {
	const npm = createRequire(fs.realpathSync(process.argv[1]));
	const fetcher = npm('pacote/lib/fetcher.js');
	const npa = npm('npm-package-arg');
	const get = fetcher.get;

	if (typeof get !== 'function' || !npm.cache[npm.resolve('pacote/lib/fetcher.js')] || npm.cache[npm.resolve('pacote')])
		throw new Error('this npm is not the one that registry-npm.cjs knows');
	fetcher.get = (raw, options = {}) => {
		const spec = npa(raw, options.where);
		// npm asks for an archive of the registry's as name@address too, and with what the registry said of it
		if (FOREIGN[spec.type] && !(spec.type === 'remote' && options.resolved))
			refuse(spec.name, FOREIGN[spec.type]);
		if (spec.type === 'remote' && origin(spec.fetchSpec) !== registry)
			refuse(spec.name, 'its file is on another host');
		return get(raw, options);
	};
}

// ---- requests --------------------------------------------------------------------

function watchRequests() {
	for (const scheme of ['http', 'https']) {
		const module = require(scheme);
		const request = module.request;

		module.request = (options, ...more) => {
			const headers = options.headers || {};
			const id = String([].concat(headers['pacote-pkg-id'] || '')[0] || '');
			const name = (/^\w+:(@?[^@]+)/.exec(id) || [])[1];
			let asked = '';

			try {	// where node connects to, and the address that npm has it from
				const host = String(options.hostname || options.host);

				if (HOST.test(host))
					asked = origin(`${scheme}://${/^[^[].*:/.test(host) ? `[${host}]` : host}:${Number(options.port) || ''}`);
				if (origin(options.href || asked) !== asked)
					asked = '';
			} catch { }
			if (asked !== registry || options.socketPath)
				refuse(name, 'a request leads to another host');
			return request(options, ...more);
		};
		module.get = () => refuse('', 'a request leads to another host');
	}
}

function watchPrograms() {
	const processes = require('child_process');

	for (const start of ['exec', 'execFile', 'execFileSync', 'execSync', 'fork', 'spawn', 'spawnSync'])
		processes[start] = () => refuse('', 'is asked for by git or starts a program');
}

watchDependencies();
watchRequests();
watchPrograms();
