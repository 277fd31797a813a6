/* job_vectors.c - whether the arguments, environment and file names of a job fit one execve */
#include "job/job_vectors.h"
#include "base/error.h"
#include "base/json_values.h"
#include "base/limit.h"
#include "job/job.h"
#include "job/job_tests.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static size_t vector_size(char *const *v, size_t n)
{
	size_t total = 0;

	for (size_t i = 0; i < n; i++)
		total += strlen(v[i]) + 1 + sizeof(char *);
	return total;
}

/* The kernel limits arguments and environment together to a quarter of the stack, but at
 * least 128 KiB (execve(2)); cee-init sets 1 MiB. The arguments that the language adds must
 * fit too, and so must the names of files, which may all be arguments of a compiler. */
int job_vectors_fit(const struct job *j, const struct job_test *t, const char *path, struct cee_err *e)
{
	enum { LEAST = 96 << 10, MOST = 896 << 10 };
	int64_t stack = j->limits[PHASE_RUN].v[LIMIT_STACK], most = MOST;
	size_t total = 0;

	if (t && t->limits.v[LIMIT_STACK] >= 0)
		stack = t->limits.v[LIMIT_STACK];

	for (size_t i = 0; i < j->nfiles; i++)
		total += strlen(j->files[i].name) + 1 + sizeof(char *);
	if (total > MOST / 2)
		return json_wrong(e, "files", "their names take %zu bytes (at most %d)", total, MOST / 2);
	total +=
		t && t->arguments ? vector_size(t->arguments, t->narguments) : vector_size(j->arguments, j->narguments);
	total += vector_size(j->env, j->nenv) + (t ? vector_size(t->env, t->nenv) : 0);
	if (stack >= 0 && stack / 4 < most)
		most = stack / 4 > LEAST ? stack / 4 : LEAST;
	if (total <= (size_t)most)
		return 0;
	return json_wrong(e, path,
			  "with env and the names of files they take %zu bytes (at most %" PRId64
			  "): use a file or stdin",
			  total, most);
}
