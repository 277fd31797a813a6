/* prune.c - operations on all layers: listing, pruning, sweeping the remains of dead builders
 *
 * Pruning removes the least recently used layers first, and never one that is in use: layer_discard
 * takes its lock. Sweeping removes incomplete layers without a builder: a builder holds the lock of
 * tmp/NAME, so a file there that is not locked was left by a dead one.
 */
#include "base/fd.h"
#include "layers/layers_internal.h"
#include "layers/store.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

int layers_each(struct layers *l, layer_fn f, void *arg)
{
	int fd = layer_folder(l->meta, "."), r = 0;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!d) {
		close_ptr(&fd);
		return -1;
	}
	while (r == 0 && (entry = readdir(d)))
		if (layer_name_valid(entry->d_name))
			r = f(arg, entry->d_name);
	closedir(d);
	return r;
}

struct old {
	char name[LAYER_NAME + 1];
	int64_t used, bytes;
};
struct census {
	struct layers *l;
	struct old *v;
	size_t n, cap;
	int64_t bytes;
};

static int count_one(void *arg, const char *name)
{
	struct census *c = arg;
	struct layer y;
	struct old *v;

	if (c->n == c->cap) {
		v = reallocarray(c->v, c->cap * 2 + 64, sizeof *v);
		if (!v)
			return -1;
		c->v = v;
		c->cap = c->cap * 2 + 64;
	}
	v = &c->v[c->n];
	*v = (struct old){ 0 };
	memcpy(v->name, name, LAYER_NAME + 1);
	if (layer_read(c->l, name, &y, NULL) == 0) { /* a layer that cannot be read is removed first */
		v->used = y.used_us;
		v->bytes = y.bytes;
		layer_release(&y);
	}
	c->bytes += v->bytes;
	c->n++;
	return 0;
}

static int by_use(const void *a, const void *b)
{
	const struct old *x = a, *y = b;

	return x->used < y->used ? -1 : x->used > y->used;
}

int layers_prune(struct layers *l, int64_t max, int64_t *removed, int64_t *bytes)
{
	struct census c = { .l = l };
	int r = layers_each(l, count_one, &c);

	*removed = *bytes = 0;
	if (c.n)
		qsort(c.v, c.n, sizeof *c.v, by_use);
	for (size_t i = 0; r == 0 && i < c.n && c.bytes > max; i++) {
		if (layer_discard(l, c.v[i].name, false) < 0)
			continue;
		c.bytes -= c.v[i].bytes;
		*bytes += c.v[i].bytes;
		++*removed;
	}
	free(c.v);
	return r;
}

/* A tree in unpack, or one in whole without its meta. Looked at again under the builder's lock: without it a tree that
 * a builder has published meanwhile would go. */
static int sweep_tree(struct layers *l, int dir, const char *name)
{
	int fd = layer_make_begin(l, name), n;

	if (fd < 0)
		return 0;
	n = (dir == l->unpack || faccessat(l->meta, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0) &&
	    layer_to_trash(l, dir, name) == 0;
	layer_make_end(l, name, fd);
	return n;
}

/* Removes the remains of a dead builder: its stream, whose lock is free again, and its tree. */
static int sweep_one(struct layers *l, int dir, const char *name)
{
	int fd;

	if (dir == l->trash)
		return layer_tree_remove(dir, name) == 0;
	if (dir == l->whole && faccessat(l->meta, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	if (dir != l->tmp)
		return sweep_tree(l, dir, name);
	fd = openat(dir, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0) {
		close_ptr(&fd);
		return 0;
	}
	unlinkat(dir, name, 0);
	close(fd);
	return 1;
}

static int sweep_folder(struct layers *l, int dir)
{
	int fd = layer_folder(dir, "."), n = 0;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!d)
		close_ptr(&fd);
	while (d && (entry = readdir(d)))
		if (entry->d_name[0] != '.')
			n += sweep_one(l, dir, entry->d_name);
	if (d)
		closedir(d);
	return n;
}

int layers_sweep(struct layers *l)
{
	return sweep_folder(l, l->tmp) + sweep_folder(l, l->unpack) + sweep_folder(l, l->whole) +
	       sweep_folder(l, l->trash);
}
