'use strict';
// compile.cjs [--check] FILE... - TypeScript to JavaScript, each .js beside its .ts
//
// The distribution's compiler with the options of `tsc --init` (strict, esModuleInterop), or those of
// the job's own tsconfig.json; what it finds is printed as tsc prints it, and an error means that
// nothing is written. Modules are those of Node.js: by package.json, CommonJS unless it says
// "type": "module". Types are those of Node.js and of the job's packages.
const path = require('path');
const ts = require('typescript');

const check = process.argv[2] === '--check';
const files = process.argv.slice(check ? 3 : 2);
const host = { getCanonicalFileName: (name) => name, getCurrentDirectory: () => process.cwd(), getNewLine: () => '\n' };

function finish(diagnostics) {
	process.stdout.write(ts.formatDiagnostics(ts.sortAndDeduplicateDiagnostics(diagnostics), host));
	process.exit(diagnostics.some((d) => d.category === ts.DiagnosticCategory.Error) ? 1 : 0);
}

// The job's own options where it brings some.
function own() {
	if (!ts.sys.fileExists('tsconfig.json'))
		return {};
	const read = ts.readConfigFile('tsconfig.json', ts.sys.readFile);
	if (read.error)
		finish([read.error]);
	const parsed = ts.parseJsonConfigFileContent({ ...read.config, files, include: undefined }, ts.sys, process.cwd());
	if (parsed.errors.length)
		finish(parsed.errors);
	return parsed.options;
}

function esModules() {
	try {
		return JSON.parse(ts.sys.readFile('package.json')).type === 'module';
	} catch {
		return false;
	}
}

const esm = esModules();
const options = {
	target: ts.ScriptTarget.ES2022,
	strict: true,
	esModuleInterop: true,
	forceConsistentCasingInFileNames: true,
	skipLibCheck: true,
	module: esm ? ts.ModuleKind.NodeNext : ts.ModuleKind.CommonJS,
	moduleResolution: esm ? ts.ModuleResolutionKind.NodeNext : ts.ModuleResolutionKind.NodeJs,
	types: ['node'],
	...own(),
	// where the program is run and the compiler's own work ends
	typeRoots: [path.resolve('node_modules/@types'), '/usr/share/nodejs/@types'],
	noEmit: check, noEmitOnError: true, outDir: undefined, outFile: undefined, declaration: false, declarationDir: undefined,
	composite: false, incremental: false, tsBuildInfoFile: undefined, emitDeclarationOnly: false,
	inlineSourceMap: true, sourceMap: false, inlineSources: false,
};
const program = ts.createProgram(files, options);
const found = ts.getPreEmitDiagnostics(program);
finish([...found, ...program.emit().diagnostics]);
