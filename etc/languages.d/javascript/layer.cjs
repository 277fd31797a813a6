// layer.cjs - a job's packages, where Node.js looks for those of a project: node_modules in the job's
// folder, which is what `import` knows (NODE_PATH is for `require` alone). A job that brought such a
// folder keeps its own.
'use strict';
try {
	require('fs').symlinkSync(process.env.CEE_LAYER + '/node_modules', '/work/node_modules');
} catch {
	// it is there: of this job, or of another process of it
}
