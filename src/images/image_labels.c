/* image_labels.c - labels that say which frameworks and versions an image has */
#include "images/image_labels.h"
#include "base/buf.h"
#include "base/error.h"
#include "images/docker_client.h"
#include "images/dockerfile.h"
#include "images/image_inspect.h"
#include "images/image_upload.h"
#include "images/work.h"
#include "job/language.h"
#include "job/language_image.h"

#include <archive.h>
#include <archive_entry.h>
#include <cjson/cJSON.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The content of the one file in an answer of the engine's archive call. */
static int archive_text(const struct buf *tar, char *text, size_t size)
{
	struct archive *a = archive_read_new();
	struct archive_entry *e;
	la_ssize_t n = -1;

	archive_read_support_format_tar(a);
	if (tar->len && archive_read_open_memory(a, tar->data, tar->len) == ARCHIVE_OK &&
	    archive_read_next_header(a, &e) == ARCHIVE_OK)
		n = archive_read_data(a, text, size - 1);
	archive_read_free(a);
	text[n > 0 ? n : 0] = '\0';
	return n >= 0 ? 0 : -1;
}

/* The file /usr/lib/cee/NAME/WHAT of the image, "" where there is none: asked of a container that never runs. */
static int image_file_read(struct work *w, const struct lang *l, const char *what, char *text, size_t size,
			   struct cee_err *err)
{
	AUTO_BUF struct buf body = { 0 }, answer = { 0 }, path = { 0 }, tar = { 0 }, gone = { 0 };
	AUTO_FREE char *name = engine_escape(l->name); /* may have a '#' */
	char id[80];
	cJSON *o;
	int status;

	*text = '\0';
	if (!name || buf_printf(&body, "{\"Image\":\"%s\",\"Cmd\":[\"none\"]}", l->image) < 0)
		return cee_fail(err, ENOMEM, "out of memory");
	status = engine_call(&w->engine, "POST", "/containers/create", body.data, &answer, err);
	if (status != 201)
		return status < 0 ? -1 : cee_fail(err, EIO, "%s: %s", l->image, engine_error_text(&answer));
	o = cJSON_ParseWithLength(answer.data ? answer.data : "", answer.len);
	image_copy_string(id, sizeof id, o, "Id");
	cJSON_Delete(o);
	if (buf_printf(&path, "/containers/%s/archive?path=/usr/lib/cee/%s/%s", id, name, what) < 0)
		return cee_fail(err, ENOMEM, "out of memory");
	status = engine_call(&w->engine, "GET", path.data, NULL, &tar, err);
	path.len = 0;
	if (buf_printf(&path, "/containers/%s?force=1&v=1", id) == 0)
		engine_call(&w->engine, "DELETE", path.data, NULL, &gone, NULL);
	if (status < 0 || (status == 200 && archive_text(&tar, text, size) < 0))
		return status < 0 ? -1 : cee_fail(err, EIO, "%s: its list of %s cannot be read", l->image, what);
	return 0;
}

/* "FRAMEWORK TEXT" a line, as a label has it: with ; between. What would end a label's text is left out. */
static int runtimes_read(struct work *w, const struct lang *l, char *text, size_t size, struct cee_err *err)
{
	char *to = text;

	if (image_file_read(w, l, "runtimes", text, size, err) < 0)
		return -1;
	for (const char *p = text; *p; p++)
		if (*p == '\n')
			*to++ = ';';
		else if (isalnum((unsigned char)*p) || strchr(" .+-_", *p))
			*to++ = *p;
	*to = '\0';
	return 0;
}

/* An image that has not every framework of its language says so in a label, and what they run on in another. */
static int frameworks_label(struct work *w, const struct lang *l, struct buf *labels, struct cee_err *err)
{
	AUTO_BUF struct buf have = { 0 };
	char text[400], runtimes[1000];

	if (!l->nframeworks)
		return 0;
	if (image_file_read(w, l, "frameworks", text, sizeof text, err) < 0 ||
	    runtimes_read(w, l, runtimes, sizeof runtimes, err) < 0)
		return -1;
	for (char *word = strtok(text, " \n"); word; word = strtok(NULL, " \n"))
		for (size_t i = 0; i < l->nframeworks; i++)
			if (!strcmp(word, l->frameworks[i]) && buf_printf(&have, "%s%s", have.len ? " " : "", word) < 0)
				return cee_fail(err, ENOMEM, "out of memory");
	if (!have.len)
		return 0;
	if (buf_printf(labels, "LABEL cee.frameworks=\"%s\" cee.runtimes=\"%s\"\n", have.data, runtimes) < 0)
		return cee_fail(err, ENOMEM, "out of memory");
	work_say(w, "has the frameworks %s", have.data);
	return 0;
}

/* Which versions of its language it has, as its setup found out. */
static int versions_label(struct work *w, const struct lang *l, struct buf *labels, struct cee_err *err)
{
	AUTO_FREE char *words = NULL;
	char text[LANG_VERSIONS * (LANG_VERSION_LEN + 1) + 1];

	if (image_file_read(w, l, "versions", text, sizeof text, err) < 0)
		return -1;
	if (strlen(text) == sizeof text - 1)
		*(strrchr(text, '\n') ? strrchr(text, '\n') : text) = '\0'; /* the last one may be a part */
	words = lang_versions_read(text);
	if (!words || (*words && buf_printf(labels, "LABEL cee.versions=\"%s\"\n", words) < 0))
		return cee_fail(err, ENOMEM, "out of memory");
	if (*words)
		work_say(w, "has the versions %s", words);
	return 0;
}

/* What the image that was just made says of itself becomes labels of it. */
int labels_add(struct work *w, const struct lang *l, struct cee_err *err)
{
	AUTO_BUF struct buf labels = { 0 }, dockerfile = { 0 }, path = { 0 };
	AUTO_FREE char *name = engine_escape(l->image);
	struct context c = { .n = 0 };

	if (frameworks_label(w, l, &labels, err) < 0 || versions_label(w, l, &labels, err) < 0)
		return -1;
	if (!labels.len)
		return 0;
	if (!name || buf_printf(&dockerfile, "FROM %s\n%s", l->image, labels.data) < 0 ||
	    buf_printf(&path, "/build?t=%s&rm=1&forcerm=1", name) < 0)
		return cee_fail(err, ENOMEM, "out of memory");
	c.dockerfile = dockerfile.data;
	return context_send(w, path.data, &c, err);
}
