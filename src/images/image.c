/* image.c - the images that languages run in: pulled, built
 *
 * An image is pulled from source.pull if possible, else it is built on cee/base, one small Debian
 * or Ubuntu that all of these images share: of the first package of source.distribution that apt
 * can install there, else of source.packages by apt and source.host copied in. Then source.setup
 * runs in it.
 *
 * Rules: labels say what an image was made of (cee.digest) and how (cee.source),
 * and an image whose label is up to date is not built again; an image gets its name only when it
 * is whole (the engine tags at the end of a build); no setting of the host's apt, which may hold
 * a password, is readable in a language's image.
 */
#include "images/image.h"
#include "base/buf.h"
#include "base/error.h"
#include "engine/engine.h"
#include "images/build_progress.h"
#include "images/dockerfile.h"
#include "images/engine_client.h"
#include "images/image_base.h"
#include "images/image_digest.h"
#include "images/image_inspect.h"
#include "images/image_labels.h"
#include "images/image_upload.h"
#include "images/work.h"
#include "job/language.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int lang_make(struct work *w, const struct lang *l, struct origin o, const char *source, struct context *c,
		     struct cee_err *err)
{
	AUTO_BUF struct buf dockerfile = { 0 };
	struct image before, after;
	const char *with;
	char digest[17], full[700];

	if (image_look(&w->engine, l->image, &before, err) < 0)
		return -1;
	with = o.kind == ORIGIN_PULL ? "" : image_with_now(w, l, &before);
	if (*with) {
		snprintf(full, sizeof full, "%.250s, with %s", source, with);
		source = full;
	}
	image_digest(w, l, o, with, digest);
	if (dockerfile_make(&dockerfile, l, c, o, with, err) < 0)
		return -1;
	c->dockerfile = dockerfile.data;
	const struct engine_label labels[] = { { "cee.language", l->name },
					       { "cee.source", source },
					       { "cee.digest", digest },
					       { "cee.with", *with ? with : NULL } };
	work_say(w, "building %s (%s)", l->image, source);
	if (image_build_request(w, l, labels, 4, c, err) < 0 || labels_add(w, l, err) < 0 ||
	    image_look(&w->engine, l->image, &after, err) < 0)
		return -1;
	if (!after.present)
		return cee_fail(err, EIO, "%s: the engine built it, but does not list it", l->image);
	if (before.present && strcmp(before.id, after.id))
		image_drop(&w->engine, before.id);
	work_say(w, "%s is ready, %lld MB", l->image, (long long)(after.size >> 20));
	return 1;
}

/* Builds from the packages and the directories of the host, all of which must exist. */
static int lang_assemble(struct work *w, const struct lang *l, struct cee_err *err)
{
	struct origin o = { ORIGIN_HOST, NULL };
	struct context c = { .n = 0 };
	char source[200];
	int r = context_find(&c, l, o, err);

	w->no_source = r < 0;
	if (r == 0)
		r = base_make(w, err);
	if (r == 0) {
		snprintf(source, sizeof source, "%s%s%s",
			 l->npackages	? "packages"
			 : l->nhostdirs ? ""
					: "base",
			 l->npackages && l->nhostdirs ? " and " : "", l->nhostdirs ? "host " : "");
		if (l->nhostdirs)
			snprintf(source + strlen(source), sizeof source - strlen(source), "%.150s", c.paths[0]);
		r = lang_make(w, l, o, source, &c, err);
	}
	context_release(&c);
	return r;
}

/* Builds from one package of the distribution, which may not exist there. */
static int lang_distribution(struct work *w, const struct lang *l, const char *package, struct cee_err *err)
{
	struct origin o = { ORIGIN_DISTRIBUTION, package };
	struct context c = { .n = 0 };
	char source[200];
	int r = context_find(&c, l, o, err);

	snprintf(source, sizeof source, FROM_DISTRIBUTION "%s", package);
	w->trying = true;
	if (r == 0)
		r = lang_make(w, l, o, source, &c, err);
	w->trying = false;
	context_release(&c);
	return r;
}

/* Is there a source after the image to pull and the packages of the distribution? Files beside
 * the language file, and optional files, are not a source by themselves. */
static bool has_rest(const struct lang *l)
{
	size_t need = 0;

	for (size_t i = 0; i < l->nhostdirs; i++)
		need += !lang_beside(l, i) && !lang_optional(l, i);
	return l->npackages || need;
}

/* Tries the packages in order. 1: one worked. 0: none exists, so another source may be tried. */
static int distribution_try(struct work *w, const struct lang *l, bool *broken, struct cee_err *err)
{
	if (l->ndistribution && base_make(w, err) < 0)
		return -1;
	for (size_t i = 0; i < l->ndistribution; i++) {
		bool last = i + 1 == l->ndistribution && !has_rest(l);

		w->not_installed = false;
		if (lang_distribution(w, l, l->distribution[i], err) >= 0)
			return 1;
		if (engine_interrupted)
			return -1;
		*broken |= !w->not_installed;
		if (!last)
			work_say(w, "the distribution's %s cannot be installed (%s); trying the next source",
				 l->distribution[i], err->msg);
	}
	return 0;
}

int image_pull(struct work *w, const struct lang *l, struct cee_err *err)
{
	struct origin o = { ORIGIN_PULL, NULL };
	struct progress p = { .w = w };
	const struct engine_request pull = { .op = ENGINE_PULL, .name = l->pull, .progress = progress_pull, .arg = &p };
	struct context c = { .n = 0 };
	char source[256];
	int r;

	if (!l->pull)
		return cee_fail(err, EINVAL, "its language file names no image to pull (source.pull)");
	if (image_name_check(l->pull, err) < 0)
		return -1;
	work_say(w, "pulling %s", l->pull);
	if (engine_client_ask(&w->engine, &pull, NULL, NULL, err) != 0)
		return -1;
	snprintf(source, sizeof source, FROM_PULL "%s", l->pull);
	r = context_find(&c, l, o, err);
	if (r == 0)
		r = lang_make(w, l, o, source, &c, err);
	context_release(&c);
	return r;
}

int image_build(struct work *w, const struct lang *l, struct cee_err *err)
{
	bool broken = false;
	struct image now;
	int r;

	if (image_name_check(l->image, err) < 0 || image_look(&w->engine, l->image, &now, err) < 0)
		return -1;
	if (w->with && !l->with)
		return cee_fail(err, EINVAL,
				"--with: its language file does not say which packages that means (source.with)");
	if (now.present && !w->force && !image_is_old(w, l, &now)) {
		work_say(w, "%s is up to date (%s)", l->image, now.source);
		return 0;
	}
	if (l->pull) {
		if (image_pull(w, l, err) >= 0)
			return 1;
		w->no_source = !l->ndistribution && !has_rest(l);
		if (engine_interrupted || w->no_source)
			return -1;
		work_say(w, "cannot be pulled (%s); trying the next source", err->msg);
	}
	r = distribution_try(w, l, &broken, err);
	if (r == 0 && l->ndistribution && !has_rest(l)) {
		w->no_source = true;
		r = -1;
	} else if (r == 0) {
		r = lang_assemble(w, l, err);
	}
	/* a source that exists but could not be built is a failure, even if other sources are
	 * missing */
	w->no_source = w->no_source && !broken;
	return r;
}
