/* image_digest.c - a digest of an image's sources, stored in a label */
#include "images/image_digest.h"
#include "base/buf.h"
#include "base/error.h"
#include "images/image_base.h"
#include "images/image_inspect.h"
#include "images/source.h"
#include "images/work.h"
#include "job/language.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The origin that the image's label gives. */
static struct origin image_origin(const struct lang *l, const struct image *i)
{
	struct origin o = { ORIGIN_HOST, NULL };
	const char *name = i->source + sizeof FROM_DISTRIBUTION - 1;

	if (!strncmp(i->source, FROM_PULL, sizeof FROM_PULL - 1))
		o.kind = ORIGIN_PULL;
	if (strncmp(i->source, FROM_DISTRIBUTION, sizeof FROM_DISTRIBUTION - 1))
		return o;
	o.kind = ORIGIN_DISTRIBUTION;
	for (size_t k = 0, n = strcspn(name, ","); k < l->ndistribution; k++)
		if (strlen(l->distribution[k]) == n && !strncmp(l->distribution[k], name, n))
			o.package = l->distribution[k];
	return o;
}

/* Is hostdirs[i] copied into an image of this origin? For a language that does not come from the
 * host: only files beside the language file, and on cee/base also optional files of the host. */
bool host_wanted(const struct lang *l, struct origin o, size_t i)
{
	return o.kind == ORIGIN_HOST || lang_beside(l, i) || (o.kind == ORIGIN_DISTRIBUTION && lang_optional(l, i));
}

/* The digest of the sources of an image with this origin. Other fields of the language file
 * (commands, limits) do not require a new image. */
void image_digest(struct work *w, const struct lang *l, struct origin o, const char *with, char out[17])
{
	struct digest d;

	digest_init(&d);
	digest_add(&d, IMAGE_RECIPE);
	digest_add(&d, o.kind == ORIGIN_PULL && l->pull ? l->pull : w->base_id);
	if (o.kind == ORIGIN_DISTRIBUTION) {
		digest_add(&d, FROM_DISTRIBUTION);
		digest_add(&d, o.package ? o.package : "");
	}
	for (size_t i = 0; o.kind == ORIGIN_HOST && i < l->npackages; i++)
		digest_add(&d, l->packages[i]);
	if (o.kind != ORIGIN_PULL && *with) {
		digest_add(&d, l->with);
		digest_add(&d, with);
	}
	for (size_t i = 0; i < l->nsetup; i++)
		digest_add(&d, l->setup[i]);
	for (size_t i = 0; i < l->nhostdirs; i++) {
		AUTO_FREE char *from = NULL;
		const char *to;

		if (!host_wanted(l, o, i))
			continue;
		if (source_host(l->hostdirs[i], &from, &to, NULL) < 0 || !from) {
			digest_add(&d, l->hostdirs[i]);
		} else if (lang_beside(l, i) ? source_contents(&d, from) : source_content(&d, from)) {
			digest_add(&d, to);
		} else {
			digest_add(&d, l->hostdirs[i]);
			source_fingerprint(&d, from);
		}
	}
	digest_text(&d, out);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int image_with(const char *list, char out[WITH_MAX], struct cee_err *err)
{
	char text[WITH_MAX], *save = NULL, *names[WITH_MAX / 2];
	size_t n = 0, len = 0;

	*out = '\0';
	if ((size_t)snprintf(text, sizeof text, "%s", list) >= sizeof text)
		return cee_fail(err, EINVAL, "--with: at most %d bytes", WITH_MAX - 1);
	for (char *s = strtok_r(text, ", ", &save); s; s = strtok_r(NULL, ", ", &save)) {
		if (!isalnum((unsigned char)*s) || s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789+.-")])
			return cee_fail(err, EINVAL,
					"--with: '%.60s': not a valid name (use lower-case letters, digits, '+', '.' "
					"and '-')",
					s);
		names[n++] = s;
	}
	qsort(names, n, sizeof *names, by_text);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || strcmp(names[i - 1], names[i]))
			len += (size_t)snprintf(out + len, WITH_MAX - len, "%s%s", len ? "," : "", names[i]);
	return 0;
}

/* The names given with --with, now or when the image was made; "" when the language does not
 * support --with. */
const char *image_with_now(const struct work *w, const struct lang *l, const struct image *i)
{
	return !l->with ? "" : w->with ? w->with : i->with;
}

bool image_is_old(struct work *w, const struct lang *l, const struct image *i)
{
	struct origin o = image_origin(l, i);
	struct image base;
	char digest[17];

	if (o.kind != ORIGIN_PULL && !*w->base_id && image_look(&w->engine, IMAGE_BASE ":latest", &base, NULL) == 0)
		snprintf(w->base_id, sizeof w->base_id, "%s", base.id);
	image_digest(w, l, o, image_with_now(w, l, i), digest);
	return strcmp(digest, i->digest) != 0;
}
