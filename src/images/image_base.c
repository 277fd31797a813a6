/* image_base.c - cee/base: the small distribution that images stand on, made by mmdebstrap
 *
 * No setting of the host's apt, which may hold a password, is readable in an image that is made of it.
 */
#include "images/image_base.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/strv.h"
#include "engine/engine.h"
#include "images/build_progress.h"
#include "images/child.h"
#include "images/engine_client.h"
#include "images/image_digest.h"
#include "images/image_inspect.h"
#include "images/source.h"
#include "images/work.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void apt_digest(const struct source_apt *a, char out[17])
{
	struct digest d;

	digest_init(&d);
	digest_add(&d, IMAGE_RECIPE);
	digest_add(&d, a->suite);
	for (size_t i = 0; i < a->nlines; i++)
		digest_add(&d, a->lines[i]);
	for (size_t i = 0; i < a->noptions; i++)
		digest_add(&d, a->options[i]);
	digest_text(&d, out);
}

/* uid 1000, as which every program runs in its cell, has a name; folders where programs are used to find themselves
 * are the job's own; time zones and an English locale are there. */
#define PLACE                                                                                                          \
	"set -e; cd \"$1\"; "                                                                                          \
	"echo user:x:1000:1000::/home/user:/bin/bash >> etc/passwd; echo user:x:1000: >> etc/group; "                  \
	"mkdir -p mnt work; ln -s /work app; ln -s /work workspace; ln -s /work mnt/data; ln -s /work home/user; "     \
	"chroot . localedef -i en_US -f UTF-8 en_US.UTF-8; rm -rf usr/share/i18n"

/* mmdebstrap's arguments. usr-is-merged keeps perl out (usrmerge needs it);
 * documentation and translations are left out of all images. apt's settings are readable by root
 * only from the start. */
static char **base_argv(const struct source_apt *a)
{
	static const char *const fixed[] = {
		"mmdebstrap",
		"--quiet",
		"--variant=apt",
		"--format=tar",
		"--include=usr-is-merged,tzdata,locales",
		"--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr",
		"--dpkgopt=path-exclude=/usr/share/man/*",
		"--dpkgopt=path-exclude=/usr/share/doc/*",
		"--dpkgopt=path-include=/usr/share/doc/*/copyright",
		"--dpkgopt=path-exclude=/usr/share/locale/*",
		"--customize-hook=" PLACE,
		/* no program gives a privilege; those that make capabilities are not in it */
		"--customize-hook=find \"$1\" -xdev -type f -perm /6000 -exec chmod ug-s {} +",
		"--customize-hook=chmod -R go= \"$1\"/etc/apt/apt.conf.d \"$1\"/etc/apt/sources.list*",
	};
	size_t nfixed = sizeof fixed / sizeof *fixed, n = 0;
	char **v = calloc(nfixed + a->noptions + a->nlines + 3, sizeof *v);
	char text[1100];

	if (!v)
		return NULL;
	for (size_t i = 0; i < nfixed; i++)
		v[n++] = strdup(fixed[i]);
	for (size_t i = 0; i < a->noptions; i++) {
		snprintf(text, sizeof text, "--aptopt=%s", a->options[i]);
		v[n++] = strdup(text);
	}
	v[n++] = strdup(a->suite);
	v[n++] = strdup("-");
	for (size_t i = 0; i < a->nlines; i++)
		v[n++] = strdup(a->lines[i]);
	return v;
}

/* Prints the last lines of a program's messages. */
static void log_tail(struct work *w, int log)
{
	struct progress p = { .w = w };
	AUTO_BUF struct buf text = { 0 };
	off_t size = lseek(log, 0, SEEK_END);
	char block[4096];
	ssize_t got;

	lseek(log, size > (off_t)sizeof block ? size - (off_t)sizeof block : 0, SEEK_SET);
	while ((got = read(log, block, sizeof block)) > 0)
		if (buf_add(&text, block, (size_t)got) < 0)
			return;
	if (text.data)
		progress_build(&p, text.data);
	progress_tail(&p);
}

static int base_import(struct work *w, const char *digest, struct cee_err *err)
{
	AUTO_CLOSE int log = w->verbose ? -1 : memfd_create("mmdebstrap", MFD_CLOEXEC);
	struct child c = { .log = log };
	const struct engine_upload upload = { "application/x-tar", engine_client_read_child, &c };
	const struct engine_label label = { "cee.digest", digest };
	const struct engine_request import = {
		.op = ENGINE_IMPORT, .name = IMAGE_BASE, .labels = &label, .nlabels = 1, .upload = &upload
	};
	char **argv = base_argv(&w->apt), found[PATH_MAX];
	int r;

	if (!child_which("mmdebstrap", found)) {
		strv_free(argv);
		return cee_fail(err, ENOENT, "mmdebstrap is not installed; run scripts/install-deps run");
	}
	r = argv ? child_exec(&c, argv, err) : cee_fail(err, ENOMEM, "out of memory");
	strv_free(argv);
	if (r < 0)
		return -1;
	r = engine_client_ask(&w->engine, &import, NULL, NULL, err);
	child_stop(&c);
	if (r != 0 && log >= 0 && !engine_interrupted)
		log_tail(w, log);
	return r ? -1 : 0;
}

/* Makes sure that the base exists and is up to date, once in a run of cee-lang, and puts its id
 * into w->base_id. */
int base_make(struct work *w, struct cee_err *err)
{
	struct image before, after;
	char digest[17];

	if (!w->have_apt && source_apt(&w->apt, err) < 0)
		return -1;
	w->have_apt = true;
	apt_digest(&w->apt, digest);
	if (image_look(&w->engine, IMAGE_BASE ":latest", &before, err) < 0)
		return -1;
	if (before.present && !strcmp(before.digest, digest) && !(w->force && !w->base_ready)) {
		snprintf(w->base_id, sizeof w->base_id, "%s", before.id);
		return 0;
	}
	work_say(w, "making " IMAGE_BASE " (%s, by mmdebstrap; about half a minute)", w->apt.suite);
	if (base_import(w, digest, err) < 0)
		return -1;
	if (image_look(&w->engine, IMAGE_BASE ":latest", &after, err) < 0 || !after.present)
		return cee_fail(err, EIO, IMAGE_BASE ": the engine took it, but does not list it");
	snprintf(w->base_id, sizeof w->base_id, "%s", after.id);
	if (before.present && strcmp(before.id, after.id))
		image_drop(&w->engine, before.id);
	w->base_ready = true;
	return 0;
}
