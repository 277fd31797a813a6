/* image_labels.c - labels that say which frameworks, versions and registry an image has */
#include "images/image_labels.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/text.h"
#include "conf/host_port.h"
#include "engine/container_spec.h"
#include "engine/engine.h"
#include "images/dockerfile.h"
#include "images/engine_client.h"
#include "images/image_upload.h"
#include "images/work.h"
#include "job/language.h"
#include "job/language_image.h"

#include <archive.h>
#include <archive_entry.h>
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The text of the one file in a tar. */
struct file_text {
	char *text;
	size_t size;
	bool bad;
};

static void take_archive(void *arg, const struct engine_answer *answer)
{
	struct file_text *f = arg;
	struct archive *a = archive_read_new();
	struct archive_entry *e;
	la_ssize_t n = -1;

	archive_read_support_format_tar(a);
	if (answer->len && archive_read_open_memory(a, answer->data, answer->len) == ARCHIVE_OK &&
	    archive_read_next_header(a, &e) == ARCHIVE_OK)
		n = archive_read_data(a, f->text, f->size - 1);
	archive_read_free(a);
	f->text[n > 0 ? n : 0] = '\0';
	f->bad = n < 0;
}

static void take_id(void *arg, const struct engine_answer *a)
{
	snprintf(arg, ENGINE_ID_MAX, "%s", a->id);
}

/* The file /usr/lib/cee/NAME/WHAT of the image, "" where there is none: read from a container that never runs. */
static int image_file_read(struct work *w, const struct lang *l, const char *what, char *text, size_t size,
			   struct cee_err *err)
{
	static const char *const none[] = { "none", NULL };
	const struct container_spec spec = { .image = l->image, .command = none, .keep = true };
	struct file_text f = { .text = text, .size = size };
	char id[ENGINE_ID_MAX], path[200];
	int r;

	*text = '\0';
	snprintf(path, sizeof path, "/usr/lib/cee/%s/%s", l->name, what);
	if (engine_client_ask(&w->engine, &(struct engine_request){ .op = ENGINE_CREATE, .container = &spec }, take_id,
			      id, err) != 0)
		return -1;
	r = engine_client_ask(&w->engine, &(struct engine_request){ .op = ENGINE_READ_FILE, .name = id, .path = path },
			      take_archive, &f, err);
	engine_client_ask(&w->engine, &(struct engine_request){ .op = ENGINE_REMOVE, .name = id }, NULL, NULL, NULL);
	return r < 0 ? -1 : f.bad ? cee_fail(err, EIO, "%s: its list of %s cannot be read", l->image, what) : 0;
}

/* "FRAMEWORK TEXT" a line, as a label has it: with ; between. All characters but letters, digits, spaces and ".+-_"
 * are left out, so that none ends the label's text. */
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

/* Says which frameworks of the language the image lacks, and why. */
static void say_left_out(struct work *w, const struct lang *l)
{
	char text[2000], *rest = text, *line;

	if (image_file_read(w, l, "left-out", text, sizeof text, NULL) < 0)
		return;
	while ((line = strsep(&rest, "\n"))) {
		text_clean(line);
		if (*line)
			work_say(w, "lacks the framework %s", line);
	}
}

/* If an image says which frameworks it has, one label lists those that its language names, and another one their
 * runtimes. Without that the image counts as having all of them. */
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
	say_left_out(w, l);
	return 0;
}

/* Makes the label for the versions of its language that the image's setup has found. */
static int versions_label(struct work *w, const struct lang *l, struct buf *labels, struct cee_err *err)
{
	AUTO_FREE char *versions = NULL;
	char text[LANG_VERSIONS * (LANG_VERSION_LEN + 1) + 1];

	if (image_file_read(w, l, "versions", text, sizeof text, err) < 0)
		return -1;
	if (strlen(text) == sizeof text - 1)
		*(strrchr(text, '\n') ? strrchr(text, '\n') : text) = '\0'; /* the last line may be incomplete */
	versions = lang_versions_read(text);
	if (!versions || (*versions && buf_printf(labels, "LABEL cee.versions=\"%s\"\n", versions) < 0))
		return cee_fail(err, ENOMEM, "out of memory");
	if (*versions)
		work_say(w, "has the versions %s", versions);
	return 0;
}

/* Makes the label for the hosts of the registry that the image's package client asks by itself. */
static int registry_label(struct work *w, const struct lang *l, struct buf *labels, struct cee_err *err)
{
	AUTO_BUF struct buf hosts = { 0 };
	struct host_port h;
	char text[1000];

	if (!l->layer.grammar)
		return 0;
	if (image_file_read(w, l, "registry", text, sizeof text, err) < 0)
		return -1;
	for (char *save = NULL, *word = strtok_r(text, " \n", &save); word; word = strtok_r(NULL, " \n", &save)) {
		if (host_port_parse(&h, word, err) < 0)
			return -1;
		if (buf_printf(&hosts, "%s%s", hosts.len ? " " : "", word) < 0)
			return cee_fail(err, ENOMEM, "out of memory");
	}
	if (hosts.len && buf_printf(labels, "LABEL cee.registry=\"%s\"\n", hosts.data) < 0)
		return cee_fail(err, ENOMEM, "out of memory");
	return 0;
}

/* Turns the data that the new image provides about itself into labels of the image. */
int labels_add(struct work *w, const struct lang *l, struct cee_err *err)
{
	AUTO_BUF struct buf labels = { 0 }, dockerfile = { 0 };
	const struct engine_request build = { .op = ENGINE_BUILD, .name = l->image };
	struct context c = { .n = 0 };

	if (frameworks_label(w, l, &labels, err) < 0 || versions_label(w, l, &labels, err) < 0 ||
	    registry_label(w, l, &labels, err) < 0)
		return -1;
	if (!labels.len)
		return 0;
	if (buf_printf(&dockerfile, "FROM %s\n%s", l->image, labels.data) < 0)
		return cee_fail(err, ENOMEM, "out of memory");
	c.dockerfile = dockerfile.data;
	return context_send(w, &build, &c, err);
}
