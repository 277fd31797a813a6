// client.mjs SDK ADDRESS|--stdio COMMAND - what a real client of MCP gets from cee-mcp; exits 1 where it is not that
//
// SDK: 1 the package @modelcontextprotocol/sdk, 2 @modelcontextprotocol/client, modern the same with the revision
// 2026-07-28 alone. NODE_MODULES is where they are installed.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const require = createRequire(process.env.NODE_MODULES + '/');
const load = (name) => import(pathToFileURL(require.resolve(name)));
const [sdk, ...where] = process.argv.slice(2);
const about = { name: 'cee-test', version: '1' };

async function connect() {
	if (sdk === '1') {
		const { Client } = await load('@modelcontextprotocol/sdk/client/index.js');
		const { StreamableHTTPClientTransport } = await load('@modelcontextprotocol/sdk/client/streamableHttp.js');
		const { StdioClientTransport } = await load('@modelcontextprotocol/sdk/client/stdio.js');
		return [new Client(about), transport(StreamableHTTPClientTransport, StdioClientTransport)];
	}
	const { Client, StreamableHTTPClientTransport } = await load('@modelcontextprotocol/client');
	const { StdioClientTransport } = await load('@modelcontextprotocol/client/stdio');
	const options = sdk === 'modern' ? { versionNegotiation: { mode: { pin: '2026-07-28' } } } : {};
	return [new Client(about, options), transport(StreamableHTTPClientTransport, StdioClientTransport)];
}

function transport(Http, Stdio) {
	if (where[0] === '--stdio')
		return new Stdio({ command: where[1], args: where.slice(2), env: process.env });
	const headers = process.env.TOKEN ? { Authorization: `Bearer ${process.env.TOKEN}` } : {};
	return new Http(new URL(where[0]), { requestInit: { headers } });
}

const [client, way] = await connect();
await client.connect(way);
assert.equal(client.getServerVersion()?.name, 'cee');

const { tools } = await client.listTools();
assert.deepEqual(tools.map((t) => t.name).slice(0, 7),
	['run_code', 'check_code', 'list_languages', 'job_status', 'cancel_job', 'get_output', 'get_file']);
assert.ok(tools[0].inputSchema.properties.language.enum.includes('python'));
assert.match(tools[0].inputSchema.properties.limits.description, /cpu 5s \(/);

const call = (name, args, options) => client.callTool({ name, arguments: args }, ...(sdk === '1' ? [undefined, options] : [options]));

// output, error output, exit code; files in, input, arguments
let r = await call('run_code', { language: 'python', stdin: 'in\n', arguments: ['a b'],
	files: [{ name: 'more.py', content: 'x = 7' }],
	code: 'import sys, more\nprint(input(), sys.argv[1], more.x)\nprint("oops", file=sys.stderr)\nsys.exit(3)' });
assert.equal(r.isError, false);
assert.deepEqual([r.structuredContent.stdout, r.structuredContent.stderr, r.structuredContent.exitCode], ['in a b 7\n', 'oops\n', 3]);
assert.match(r.content[0].text, /in a b 7\n\[stderr\]\noops\n\[exited, exit code 3\]/);

// files out: an image, a text, one that is too large
r = await call('run_code', { language: 'python', collect: ['*.png', '*.txt', '*.bin'],
	code: 'open("a.png","wb").write(b"\\x89PNG\\r\\n\\x1a\\n" + b"x"*9)\nopen("t.txt","w").write("hé")\nopen("b.bin","wb").write(bytes(range(256))*1000)' });
assert.deepEqual(r.content.map((c) => c.type).sort(), ['image', 'resource', 'text']);
assert.equal(r.content.find((c) => c.type === 'image').mimeType, 'image/png');
assert.equal(r.content.find((c) => c.type === 'resource').resource.text, 'hé');
assert.deepEqual(r.structuredContent.files.map((f) => [f.name, f.size]).sort(), [['a.png', 17], ['b.bin', 256000], ['t.txt', 3]]);
const part = await call('get_file', { job: r.structuredContent.job, name: 'b.bin', offset: 255, length: 2 });
assert.equal(part.content[0].resource.blob, Buffer.from([255, 0]).toString('base64'));
assert.equal(part.structuredContent.size, 256000);

// a limit: ended, with the output so far and the reason
r = await call('run_code', { language: 'python', code: 'print("before", flush=True)\nwhile True: pass', limits: { cpu: '500ms' } });
assert.equal(r.isError, true);
assert.equal(r.structuredContent.why, 'time limit');
assert.equal(r.structuredContent.stdout, 'before\n');

// long output is shortened, and the rest is there
r = await call('run_code', { language: 'python', code: 'for i in range(20000): print(f"{i:06}")' });
assert.match(r.structuredContent.stdout, /^000000\n/);
assert.match(r.structuredContent.stdout, /019999\n$/);
assert.match(r.structuredContent.stdout, /bytes are left out here: get_output reads them/);
const rest = await call('get_output', { job: r.structuredContent.job, stream: 'stdout', offset: 70000, length: 14 });
assert.equal(rest.content[0].text, '010000\n010001\n');
assert.equal(rest.structuredContent.size, 140000);

// progress as output comes
const seen = [];
r = await call('run_code', { language: 'bash', code: 'for i in 1 2 3; do echo step $i; sleep 0.3; done' },
	{ onprogress: (p) => seen.push(p) });
assert.equal(r.structuredContent.stdout, 'step 1\nstep 2\nstep 3\n');
assert.ok(seen.length >= 2, 'progress came in pieces');
assert.ok(seen.every((p, i) => i === 0 || p.progress > seen[i - 1].progress), 'progress grows');
assert.equal(seen.map((p) => p.message).join(''), 'step 1\nstep 2\nstep 3\n');

// checked, not run
r = await call('check_code', { language: 'c', code: 'int main(void) { return x; }' });
assert.equal(r.isError, true);
assert.match(r.structuredContent.compiler, /main.c:1:25: error: .x. undeclared/);
r = await call('check_code', { language: 'python', code: 'print("never")' });
assert.deepEqual([r.isError, r.structuredContent.stdout], [false, '']);

// not waited for; then waited for; cancelled
r = await call('run_code', { language: 'bash', code: 'echo here; sleep 60', wait: 0 });
const job = r.structuredContent.job;
assert.notEqual(r.structuredContent.status, 'Finished');
assert.match(r.content[0].text, new RegExp(`job ${job} has not ended`));
for (let i = 0; i < 200 && (await call('get_output', { job })).content[0].text !== 'here\n'; i++)
	await new Promise((f) => setTimeout(f, 50));
await call('cancel_job', { job });
r = await call('job_status', { job, wait: 20 });
assert.equal(r.structuredContent.why, 'cancelled');
assert.equal(r.structuredContent.stdout, 'here\n');

// errors that a model can mend
for (const [name, args, text] of [
	['run_code', { language: 'cobol', code: 'x' }, /language/],
	['run_code', { language: 'python', code: 'x', nope: 1 }, /nope: is not an argument/],
	['run_code', { language: 'python', code: 'x', limits: { cpu: '9d' } }, /limits.cpu/],
	['run_code', { language: 'python' }, /code|files/],
	['job_status', { job: '00000000-0000-4000-8000-000000000000' }, /no such task/],
	['job_status', { job: '../../etc/passwd' }, /no such task/],
	['get_file', { job, name: '../x' }, /no file of this name/],
]) {
	r = await call(name, args);
	assert.equal(r.isError, true, name);
	assert.match(r.content[0].text, text);
}
await assert.rejects(call('nope', {}), /no such tool/);

// a session keeps its state; a cell out of its time is interrupted; an ended one says so
r = await call('start_session', { language: 'python' });
const session = r.structuredContent.session;
await call('run_in_session', { session, code: 'x = 41' });
r = await call('run_in_session', { session, code: 'print("out")\nx + 1' });
assert.deepEqual([r.isError, r.structuredContent.stdout, r.structuredContent.results], [false, 'out\n', [{ text: '42' }]]);
r = await call('run_in_session', { session, code: 'while True: pass', wall: 1 });
assert.deepEqual([r.isError, r.structuredContent.why], [true, 'time limit']);
r = await call('run_in_session', { session, code: '1/x[0]' });
assert.match(r.structuredContent.error.traceback, /TypeError/);
await call('end_session', { session });
r = await call('run_in_session', { session, code: 'x' });
assert.equal(r.isError, true);
assert.match(r.content[0].text, /the session has ended: exited/);

// cancelled by the client: its job ends, and other calls go on
const stop = new AbortController();
const long = call('run_code', { language: 'bash', code: 'sleep 100' }, { signal: stop.signal });
setTimeout(() => stop.abort(), 500);
await assert.rejects(long);
r = await call('list_languages', {});
assert.ok(r.structuredContent.languages.some((l) => l.name === 'python' && l.packages));
await client.close();
console.log(`ok ${sdk} ${where.join(' ')}`);
