/* manifest.c - reads the packages that a job's files declare
 *
 * Each form is read as its own specification says, and only as far as it names packages:
 *
 *     #:package      file-based programs of .NET: directives end at the first token of C#
 *     # /// script   PEP 723, with that part of TOML which its three keys need
 *     requirements.txt   pip's format, a requirement (PEP 508) a line
 *     package.json   the object `dependencies`
 *
 * Settings of registries are ignored. What cannot be done here (an address, a file, an
 * environment marker, a hash) is an error that names its line, never left out in silence.
 */
#include "job/manifest.h"
#include "base/error.h"
#include "job/job.h"
#include "job/job_files.h"
#include "job/manifest_internal.h"
#include "layers/grammar.h"

#include <stddef.h>
#include <unistd.h>

/* ---- the job ------------------------------------------------------------------------------- */

static struct span bytes(const void *p, size_t len)
{
	return (struct span){ p ? p : "", len };
}

/* The entry point, which is `code` or the first file. */
static int entry(struct reader *r, int (*read)(struct reader *, struct span))
{
	const struct job *j = r->j;

	r->line = 0;
	r->file = j->code || !j->nfiles ? "code" : j->files[0].name;
	if (j->code)
		return read(r, bytes(j->code, j->code_len));
	return j->nfiles ? read(r, bytes(j->files[0].data, j->files[0].len)) : 0;
}

static int named(struct reader *r, const char *name, int (*read)(struct reader *, struct span))
{
	const struct job_file *f = manifest_file(r->j, name);

	r->line = 0;
	r->file = name;
	return f ? read(r, bytes(f->data, f->len)) : 0;
}

int job_declare(struct job *j, enum grammar g, struct cee_err *e)
{
	struct reader r = { .j = j, .g = g, .own = j->npackages, .e = e };

	switch (g) {
	case GRAMMAR_NUGET:
		return entry(&r, manifest_csharp);
	case GRAMMAR_PIP:
		return entry(&r, manifest_script) < 0 ? -1 : named(&r, "requirements.txt", manifest_requirements);
	case GRAMMAR_NPM:
		return named(&r, "package.json", manifest_package_json);
	case GRAMMAR_ANY:
	case GRAMMAR_COUNT:
		break;
	}
	return 0;
}
