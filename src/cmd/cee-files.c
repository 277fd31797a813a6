/* cee-files.c - cee-files(1): lists and prints collected files
 *
 * Reads the attempt's files.index (collected.c checks all of it) and prints parts of its
 * one file of contents. Names come from the job: they are shown, compared and written into an archive,
 * but never opened.
 */
#include "base/buf.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/id.h"
#include "cli/client.h"
#include "cli/prog.h"
#include "cli/sink.h"
#include "job/result.h"
#include "spool/attempt_read.h"
#include "spool/collected.h"
#include "spool/find.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>


enum { BLOCK = 65536, RESULT_MOST = 1 << 20 };

struct files_prog {
	struct client c;
	const char *id, *name;
	bool json, nul, tar, raw;
	int fd; /* the contents, -1 when nothing was collected */
	int64_t ended_us;
	struct files_list list;
};

/* ---- the job --------------------------------------------------------------------- */

static void read_result(struct files_prog *p, struct result *r)
{
	AUTO_BUF struct buf text = { 0 };
	struct spool_where w;
	struct cee_err e = { 0 };

	if (spool_read_result(&p->c.spool, p->c.owner, p->id, &text) < 0) {
		if (errno != ENOENT)
			prog_die(EX_IOERR, "%s: %s", p->id, strerror(errno));
		if (spool_find(&p->c.spool, p->c.owner, p->id, &w, &e) < 0)
			prog_die(EX_NOINPUT, "%s", e.msg);
		prog_die(EX_TEMPFAIL,
			 "%s: has not ended, and files are collected at the end: cee-stat --wait %s waits for it",
			 p->id, p->id);
	}
	if (result_parse(r, text.data, text.len, &e) < 0)
		prog_die(prog_status(EX_DATAERR), "%s: its result cannot be read: %s", p->id, e.msg);
}

/* Opens the files of the attempt that has the job's result. */
static void read_index(struct files_prog *p, const struct result *r)
{
	struct cee_err e = { 0 };

	p->fd = spool_open_files(&p->c.spool, p->c.owner, p->id, r->attempt, &p->list, &e);
	if (p->fd < 0)
		prog_die(errno == EPROTO ? EX_DATAERR : prog_status(EX_IOERR), "%s", e.msg);
}

static void open_job(struct files_prog *p)
{
	struct result r;

	read_result(p, &r);
	p->ended_us = r.ended_us;
	if (r.files.count > 0)
		read_index(p, &r);
	else if (p->name)
		prog_die(EX_NOINPUT, "%s: %s", p->id,
			 r.files.wanted ? "nothing was collected: no file matched, or those that did could not be "
					  "collected (cee-stat lists them)"
					: "the job collects nothing: submit it with --collect");
	result_release(&r);
}

/* ---- contents ----------------------------------------------------------------------- */

typedef int (*put_fn)(void *arg, const char *data, size_t len);

static void each_block(struct files_prog *p, const struct files_record *f, put_fn put, void *arg)
{
	char data[BLOCK];

	for (int64_t done = 0; done < f->size;) {
		int64_t left = f->size - done;
		ssize_t n = pread(p->fd, data, left < BLOCK ? (size_t)left : BLOCK, f->offset + done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			prog_die(n ? EX_IOERR : EX_DATAERR, "%s: %s: %s", p->id, f->name,
				 n ? strerror(errno) : "part of its content is missing; cee-fsck says more");
		if (put(arg, data, (size_t)n) < 0)
			prog_die(EX_IOERR, "standard output: %s", strerror(errno));
		done += n;
	}
}

static int to_sink(void *arg, const char *data, size_t len)
{
	return sink_put(arg, data, len);
}

static void flush(struct sink *k)
{
	if (sink_flush(k) < 0)
		prog_die(EX_IOERR, "standard output: %s", strerror(errno));
	sink_release(k);
}

static void print_one(struct files_prog *p)
{
	struct sink k;

	sink_init(&k, STDOUT_FILENO, p->raw);
	for (size_t i = 0; i < p->list.n; i++) {
		if (strcmp(p->list.v[i].name, p->name) != 0)
			continue;
		each_block(p, &p->list.v[i], to_sink, &k);
		flush(&k);
		return;
	}
	prog_die(EX_NOINPUT, "%s: no file of this name was collected; cee-files %s lists those that were", p->name,
		 p->id);
}

/* ---- a list ---------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct files_record *)a)->name, ((const struct files_record *)b)->name);
}

static int put_line(const struct files_prog *p, const struct files_record *f, struct buf *b)
{
	if (p->json)
		return files_format(b, f);
	if (p->nul)
		return buf_add(b, f->name, strlen(f->name) + 1);
	return buf_printf(b, "%04o %12" PRId64 " %s\n", f->mode, f->size, f->name);
}

static void print_list(struct files_prog *p)
{
	struct buf b = { 0 };
	struct sink k;

	sink_init(&k, STDOUT_FILENO, p->raw || p->nul);
	if (p->list.n)
		qsort(p->list.v, p->list.n, sizeof *p->list.v, by_name);
	for (size_t i = 0; i < p->list.n; i++, b.len = 0)
		if (put_line(p, &p->list.v[i], &b) < 0 || sink_put(&k, b.data, b.len) < 0)
			prog_die(EX_IOERR, "standard output: %s", strerror(errno));
	buf_release(&b);
	flush(&k);
}

/* ---- an archive ----------------------------------------------------------------------------- */

static void tar_check(struct archive *a, int r)
{
	if (r < ARCHIVE_WARN)
		prog_die(EX_IOERR, "standard output: %s",
			 archive_error_string(a) ? archive_error_string(a) : "cannot write");
}

static int to_tar(void *arg, const char *data, size_t len)
{
	return archive_write_data(arg, data, len) == (ssize_t)len ? 0 : -1;
}

static void tar_one(struct files_prog *p, struct archive *a, const struct files_record *f)
{
	struct archive_entry *e = archive_entry_new();

	if (!e)
		prog_die(EX_OSERR, "out of memory");
	archive_entry_set_pathname_utf8(e, f->name);
	archive_entry_set_filetype(e, AE_IFREG);
	archive_entry_set_perm(e, f->mode);
	archive_entry_set_size(e, f->size);
	archive_entry_set_mtime(e, p->ended_us / 1000000, 0);
	tar_check(a, archive_write_header(a, e));
	each_block(p, f, to_tar, a);
	archive_entry_free(e);
}

static void print_tar(struct files_prog *p)
{
	struct archive *a = archive_write_new();

	if (isatty(STDOUT_FILENO))
		prog_usage("--tar: standard output is a terminal: give it a file or a pipe, as in cee-files --tar ID | "
			   "tar xf -");
	if (!a)
		prog_die(EX_OSERR, "out of memory");
	tar_check(a, archive_write_set_format_pax_restricted(a));
	/* Names are UTF-8, whatever the user's locale. As binary they would be the same bytes, but tar(1) warns of
	 * the keyword that says so. */
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		tar_check(a, archive_write_set_options(a, "hdrcharset=BINARY"));
	archive_write_set_bytes_in_last_block(a, 1);
	tar_check(a, archive_write_open_fd(a, STDOUT_FILENO));
	for (size_t i = 0; i < p->list.n; i++)
		tar_one(p, a, &p->list.v[i]);
	tar_check(a, archive_write_close(a));
	archive_write_free(a);
}

/* ---- options ----------------------------------------------------------------------------------- */

static const char help[] =
	"usage: cee-files [options] ID [NAME]\n"
	"       cee-files --tar ID\n"
	"Lists the files that were collected from a job (mode, size, name), or prints one of them.\n\n"
	"  -t, --tar           write all of them as a tar archive\n"
	"      --json          the list as JSON, a line for each\n"
	"  -0, --null          only the names, a NUL after each, for xargs -0\n"
	"      --raw           write control sequences as they are, also to a terminal\n" CLIENT_HELP;

enum { OPT_JSON = CLIENT_OWN, OPT_RAW };
/* clang-format off */
static const struct option options[] = {
	CLIENT_LONG,
	{ "tar", no_argument, NULL, 't' },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "null", no_argument, NULL, '0' },
	{ "raw", no_argument, NULL, OPT_RAW },
	{ NULL, 0, NULL, 0 }
};
/* clang-format on */

static void one_option(struct files_prog *p, int opt)
{
	switch (opt) {
	case 't':
		p->tar = true;
		break;
	case '0':
		p->nul = true;
		break;
	case OPT_JSON:
		p->json = true;
		break;
	case OPT_RAW:
		p->raw = true;
		break;
	default:
		client_option(&p->c, opt, help);
	}
}

static void take_arguments(struct files_prog *p, int n, char **v)
{
	if (n < 1)
		prog_usage("give a job id");
	if (n > 2)
		prog_usage("one job and at most one name; --tar gives all of its files");
	p->id = v[0];
	p->name = n > 1 ? v[1] : NULL;
	if (!id_valid(p->id))
		prog_usage("%.80s: not a job id (they look like 01890a5d-ac96-774b-bcce-b302099a8057)", p->id);
	if (p->tar + p->json + p->nul + (p->name != NULL) > 1)
		prog_usage("--tar, --json, -0 and a NAME exclude each other");
}

int main(int argc, char **argv)
{
	struct files_prog p = { .fd = -1 };
	int opt;

	client_init(&p.c, argv[0]);
	while ((opt = prog_getopt(argc, argv, CLIENT_SHORT "t0", options)) != -1)
		one_option(&p, opt);
	take_arguments(&p, argc - optind, argv + optind);
	client_open(&p.c, 0);
	open_job(&p);
	if (p.tar)
		print_tar(&p);
	else if (p.name)
		print_one(&p);
	else
		print_list(&p);
	files_release(&p.list);
	close_ptr(&p.fd);
	client_release(&p.c);
	return EXIT_SUCCESS;
}
