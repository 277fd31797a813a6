/* engine.c - the part common to all engines: whether it is up, and calls of the implementation */
#include "engine/engine.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

const char *engine_op_name(enum engine_op op)
{
	static const char *const name[ENGINE_OP_COUNT] = {
#define O(id, text) [ENGINE_##id] = text,
		ENGINE_OPS(O)
#undef O
	};

	return name[op];
}

struct engine_call *engine_ask(struct engine *en, const struct engine_request *r, engine_done *done, void *arg)
{
	return en->ops->ask(en, r, done, arg);
}

void engine_forget(struct engine_call *c)
{
	if (c)
		c->done = NULL;
}

void engine_cancel(struct engine_call *c)
{
	if (c)
		c->engine->ops->cancel(c);
}

bool engine_up(const struct engine *en)
{
	return en->up;
}

bool engine_old(const struct engine *en)
{
	return en->old;
}

bool engine_is_local(const struct engine *en)
{
	return en->local;
}

const char *engine_trouble(const struct engine *en)
{
	return en->trouble;
}

const char *engine_api(const struct engine *en)
{
	return en->api;
}

int64_t engine_errors(const struct engine *en)
{
	return en->errors;
}

const char *engine_label(const struct engine_label *labels, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(labels[i].name, name) == 0)
			return labels[i].value ? labels[i].value : "";
	return "";
}

void engine_set_up(struct engine *en, bool up, bool old, const char *trouble)
{
	bool changed = up != en->up || old != en->old || !en->asked;

	snprintf(en->trouble, sizeof(en->trouble), "%s", trouble);
	text_clean(en->trouble);
	en->up = up;
	en->old = old;
	en->asked = true;
	if (changed)
		en->changed(en->arg, up);
}
