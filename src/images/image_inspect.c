/* image_inspect.c - the engine's data about an image */
#include "images/image_inspect.h"
#include "base/error.h"
#include "engine/engine.h"
#include "images/engine_client.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static void take_label(char *to, size_t size, const struct engine_image *i, const char *name)
{
	snprintf(to, size, "%s", engine_label(i->labels, i->nlabels, name));
}

static void take_image(void *arg, const struct engine_answer *a)
{
	struct image *i = arg;

	i->present = true;
	i->size = a->image->size;
	i->named = a->image->named;
	snprintf(i->id, sizeof i->id, "%s", a->image->id);
	take_label(i->source, sizeof i->source, a->image, "cee.source");
	take_label(i->digest, sizeof i->digest, a->image, "cee.digest");
	take_label(i->with, sizeof i->with, a->image, "cee.with");
	take_label(i->frameworks, sizeof i->frameworks, a->image, "cee.frameworks");
	take_label(i->versions, sizeof i->versions, a->image, "cee.versions");
}

int image_look(struct engine_client *e, const char *name, struct image *i, struct cee_err *err)
{
	memset(i, 0, sizeof *i);
	return engine_client_ask(e, &(struct engine_request){ .op = ENGINE_IMAGE, .name = name }, take_image, i, err) <
			       0
		       ? -1
		       : 0;
}

/* Checks a name that is put unchanged into a path of the API and a FROM line. */
int image_name_check(const char *name, struct cee_err *err)
{
	size_t n = name ? strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/:@") : 0;

	if (!n || name[n] || n > 200 || strstr(name, "..") || name[0] == '/')
		return cee_fail(err, EINVAL, "image: '%s': expected NAME:TAG", name ? name : "");
	return 0;
}

/* Removes an image that lost its name to a newer one, unless a box still uses it. An image with
 * another name is kept, because deleting it by id would remove that name too. */
void image_drop(struct engine_client *e, const char *id)
{
	struct image i;

	if (*id && image_look(e, id, &i, NULL) == 0 && i.present && !i.named)
		engine_client_ask(e, &(struct engine_request){ .op = ENGINE_IMAGE_REMOVE, .name = id }, NULL, NULL,
				  NULL);
}
