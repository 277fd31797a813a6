/* lang_command.c - what the commands of cee-lang share: the configuration, the languages, the engine */
#include "images/lang_command.h"
#include "base/error.h"
#include "cli/prog.h"
#include "images/engine_client.h"
#include "images/gate_image.h"
#include "images/image_inspect.h"
#include "job/language.h"
#include "job/language_image.h"
#include "job/languages.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_HOST "unix:///var/run/docker.sock"

int lang_engine_connect(struct run *r, struct cee_err *err)
{
	const char *host = getenv("DOCKER_HOST");

	if (!host || !*host)
		host = r->conf.docker_host && *r->conf.docker_host ? r->conf.docker_host : DEFAULT_HOST;
	return engine_client_open(&r->work.engine, host, err);
}

void lang_engine_need(struct run *r)
{
	struct cee_err err;

	if (lang_engine_connect(r, &err) < 0)
		prog_die(EX_UNAVAILABLE, "%s", err.msg);
}

bool chosen(const struct run *r, const struct lang *l)
{
	for (size_t i = 0; i < r->nnames; i++)
		if (langs_find(&r->langs, r->names[i]) == l)
			return true;
	return r->nnames == 0;
}

void names_check(const struct run *r)
{
	for (size_t i = 0; i < r->nnames; i++)
		if (!langs_find(&r->langs, r->names[i]) && (!r->gate || strcmp(r->names[i], GATE_NAME) != 0))
			prog_die(EX_USAGE, "%s: no such language in %s (cee-lang list names them)", r->names[i],
				 r->conf.languages);
}

/* The language whose source the image is made of: another one with the same image, if l names no
 * source. */
const struct lang *source_of(const struct run *r, const struct lang *l)
{
	for (size_t i = 0; !lang_has_source(l) && i < r->langs.n; i++)
		if (strcmp(r->langs.l[i].image, l->image) == 0 && lang_has_source(&r->langs.l[i]))
			return &r->langs.l[i];
	return l;
}

/* Copies the frameworks and versions in the image's labels to the language. */
void lang_from_image(struct lang *l, const struct image *i)
{
	if ((*i->frameworks && lang_set_available(l, i->frameworks) < 0) || lang_set_versions(l, i->versions) < 0)
		prog_die(EX_OSERR, "out of memory");
}
