/* plan.c - checks PHASE, ARG, ENV and COLLECT frames and puts them together (plan.h) */
#include "init/plan.h"

#include "init/failure.h"
#include "wire/payload.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	ARGS_MAX = 1 << 20, /* bytes of all arguments and environment of a phase */
	ARGC_MAX = 32768,
};

void plan_init(struct plan *p)
{
	*p = (struct plan){ .current = -1 };
}

int plan_add_pattern(struct plan *p, const unsigned char *data, size_t len, char *text)
{
	struct pattern *more;
	const char *wrong;

	if (p->ncollect >= PATTERNS_MAX)
		return init_fail(text, "more than %d patterns of files to collect", PATTERNS_MAX);
	more = realloc(p->collect, (p->ncollect + 1) * sizeof *more);
	if (!more)
		return init_fail(text, "patterns: %s", strerror(errno));
	p->collect = more;
	wrong = pattern_compile(&more[p->ncollect], (const char *)data, len);
	if (wrong)
		return init_fail(text, "a pattern of files to collect must %s", wrong);
	p->ncollect++;
	return 0;
}

int plan_add_phase(struct plan *p, const unsigned char *data, size_t len, char *text)
{
	struct frame_plan f;

	if (!frame_unpack_plan(data, len, &f) || p->phase[f.phase].set)
		return init_fail(text, "malformed PHASE frame");
	memcpy(p->phase[f.phase].limit, f.limit, sizeof f.limit);
	p->phase[f.phase].set = true;
	p->current = (int)f.phase;
	return 0;
}

/* Adds a string to a NULL-terminated vector. */
static int vector_add(char ***v, size_t *n, const unsigned char *data, size_t len)
{
	char **more, *s;

	if (!(*n & (*n + 1)) || !*v) { /* full at 0, 1, 3, 7, ... (one place is the NULL's) */
		more = realloc(*v, (*n * 2 + 2) * sizeof **v);
		if (!more)
			return -1;
		*v = more;
	}
	s = malloc(len + 1);
	if (!s)
		return -1;
	memcpy(s, data, len);
	s[len] = '\0';
	(*v)[(*n)++] = s;
	(*v)[*n] = NULL;
	return 0;
}

static int add_string(struct plan *p, bool env, const unsigned char *data, size_t len, char *text)
{
	struct plan_phase *ph = p->current < 0 ? NULL : &p->phase[p->current];

	if (!ph || memchr(data, '\0', len) || (env && !memchr(data, '=', len)))
		return init_fail(text, "an argument or variable before any PHASE, or malformed");
	ph->bytes += len + 1 + sizeof(char *);
	if (ph->bytes > ARGS_MAX || ph->argc + ph->envc >= ARGC_MAX)
		return init_fail(text, "arguments and environment are larger than %d bytes", ARGS_MAX);
	if (env ? vector_add(&ph->env, &ph->envc, data, len) : vector_add(&ph->argv, &ph->argc, data, len))
		return init_fail(text, "arguments: %s", strerror(errno));
	return 0;
}

int plan_add_argument(struct plan *p, const unsigned char *data, size_t len, char *text)
{
	return add_string(p, false, data, len, text);
}

int plan_add_variable(struct plan *p, const unsigned char *data, size_t len, char *text)
{
	return add_string(p, true, data, len, text);
}

void plan_release(struct plan *p)
{
	for (int id = 0; id < PHASE_COUNT; id++) {
		for (size_t i = 0; i < p->phase[id].argc; i++)
			free(p->phase[id].argv[i]);
		for (size_t i = 0; i < p->phase[id].envc; i++)
			free(p->phase[id].env[i]);
		free(p->phase[id].argv);
		free(p->phase[id].env);
	}
	free(p->collect);
	plan_init(p);
}
