/* language_fuzz - any text as a language file: accepted ones make argument vectors and are published
 * as JSON that job_check can read; and any text as an image's list of versions */
#include "base/error.h"
#include "base/strv.h"
#include "conf/conf.h"
#include "job/job.h"
#include "job/job_check.h"
#include "job/job_files.h"
#include "job/language.h"
#include "job/language_argv.h"
#include "job/language_image.h"
#include "job/language_publish.h"
#include "job/languages.h"
#include "job/published.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>


static int check_text(struct job *job, const struct conf *conf, const char *text, struct cee_err *err)
{
	struct published *languages = published_new(text, text ? strlen(text) : 0);
	int r = job_check(job, conf, languages, err), saved = errno;

	published_free(languages);
	errno = saved;
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(c)                                                                                                        \
	do {                                                                                                           \
		if (!(c))                                                                                              \
			abort();                                                                                       \
	} while (0)

static void use(struct lang *l)
{
	char *arguments[] = { "a", "{file}" };
	struct job_file file = { .name = "-f.c" };
	struct job j = { .language = l->name, .files = &file, .nfiles = 1, .arguments = arguments, .narguments = 2 };
	struct langs ls = { .l = l, .n = 1 };
	char *text = lang_publish(&ls);
	char **v = lang_argv(l, l->run, l->nrun, &j);
	struct cee_err e = { "" };
	struct conf c;

	MUST(text && v);
	conf_init(&c);
	if (check_text(&j, &c, text, &e) < 0) /* only names may collide */
		MUST(strstr(e.msg, "files"));
	conf_release(&c);
	for (size_t i = 0; i < l->nhostdirs; i++)
		MUST(!(lang_beside(l, i) && l->hostdirs[i][0] == '/') || lang_has_source(l));
	for (size_t i = 0; i < l->nhostdirs; i++)
		(void)lang_optional(l, i);
	MUST(!l->nhostdirs || lang_has_source(l));
	strv_free(v);
	free(text);
}

/* What an image says of versions: read again it is the same, and it ends no label's text. */
static void versions(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size), *words = lang_versions_read(text),
	     *again = lang_versions_read(words);

	MUST(words && again && strcmp(words, again) == 0);
	MUST(!strpbrk(words, "\"\\$\n\r") && strlen(words) <= LANG_VERSIONS * (LANG_VERSION_LEN + 1));
	free(text);
	free(words);
	free(again);
}

/* What an image's labels say, of any text. */
static void image(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size), *words, *runtime;
	struct lang l = { .name = NULL };

	MUST(lang_set_available(&l, text) == 0 && lang_set_runtimes(&l, text) == 0 && lang_set_versions(&l, text) == 0);
	words = lang_versions(&l);
	MUST(words && strlen(words) <= strlen(text) + 1);
	MUST(!lang_has_framework(&l, "net6.0") || strstr(text, "net6.0"));
	runtime = lang_runtime(&l, "net6.0");
	MUST(!runtime || strstr(text, runtime));
	free(runtime);
	free(words);
	lang_release(&l);
	free(text);
}

/* The text as languages.json, which every user reads. */
static void as_published(const uint8_t *data, size_t size)
{
	struct published *p = published_new((const char *)data, size);

	for (size_t i = 0; i < published_count(p); i++) {
		char *name = strdup(published_name(p, i));

		(void)published_language(p, i);
		MUST(!*name || published_damaged(p) || published_find(p, name));
		(void)published_mentions(p, i, name);
		free(name);
	}
	(void)published_find(p, "py");
	published_free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size);
	struct cee_err e = { "" };
	struct lang l;

	versions(data, size);
	image(data, size);
	as_published(data, size);
	memcpy(text, data, size);
	if (lang_parse(&l, "f", text, size, &e) < 0)
		MUST(errno == EINVAL && strncmp(e.msg, "f: ", 3) == 0);
	else
		use(&l);
	lang_release(&l);
	free(text);
	return 0;
}
