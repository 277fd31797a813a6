/* page.c - serves the page at "/", its parts beneath "/page/", and "/embed.js"
 *
 * Only the files in the table below are served: a request's path is compared with it and never becomes
 * a path on disk. The page's files are in http_page of cee.conf(5); those of the editor component are in
 * http_editor, where the distribution has installed them.
 *
 * The files are public; the API that they call checks permissions. So any site may load the modules that
 * /embed.js needs. The page itself loads its own scripts and styles only, never makes text into markup
 * (trusted types), and cannot be framed.
 */
#include "http/page.h"
#include "base/buf.h"
#include "base/fd.h"
#include "cli/prog.h"
#include "http/answer.h"
#include "http/cgi.h"
#include "http/request.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { PAGE_PART_MAX = 4 << 20 };

static const char js[] = "text/javascript; charset=utf-8", css[] = "text/css; charset=utf-8",
		  html[] = "text/html; charset=utf-8";

#define POLICY                                                                                                         \
	"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' blob:; "          \
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "            \
	"trusted-types 'none'"

static const struct part {
	const char *name, *file;
	const char *type;
	bool editor;
} parts[] = {
	{ "page.css", "page.css", css, false },
	{ "editor.css", "editor.css", css, false },
	{ "page.js", "page.js", js, false },
	{ "api.js", "api.js", js, false },
	{ "editor.js", "editor.js", js, false },
	{ "events.js", "events.js", js, false },
	{ "facts.js", "facts.js", js, false },
	{ "files.js", "files.js", js, false },
	{ "job.js", "job.js", js, false },
	{ "messages.js", "messages.js", js, false },
	{ "output.js", "output.js", js, false },
	{ "recent.js", "recent.js", js, false },
	{ "run.js", "run.js", js, false },
	{ "verdict.js", "verdict.js", js, false },
	{ "icon.svg", "icon.svg", "image/svg+xml", false },
	{ "codemirror/codemirror.js", "lib/codemirror.js", js, true },
	{ "codemirror/codemirror.css", "lib/codemirror.css", css, true },
	{ "codemirror/clike.js", "mode/clike/clike.js", js, true },
	{ "codemirror/javascript.js", "mode/javascript/javascript.js", js, true },
	{ "codemirror/python.js", "mode/python/python.js", js, true },
	{ "codemirror/shell.js", "mode/shell/shell.js", js, true },
	{ "codemirror/matchbrackets.js", "addon/edit/matchbrackets.js", js, true },
	{ "codemirror/closebrackets.js", "addon/edit/closebrackets.js", js, true },
	{ "codemirror/comment.js", "addon/comment/comment.js", js, true },
};

/* The file as it is now; false: answered. */
static bool read_part(struct request *rq, const char *dir, const char *file, struct buf *b, struct stat *st)
{
	AUTO_CLOSE int d = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSE int fd = d < 0 ? -1 : openat(d, file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd >= 0 && fstat(fd, st) == 0 && S_ISREG(st->st_mode) && read_fd(fd, PAGE_PART_MAX, b) == 0)
		return true;
	if (errno != ENOENT && errno != ENOTDIR)
		prog_error("%s/%s: %s", dir, file,
			   fd < 0 ? strerror(errno) : "not a regular file, or too large (at most 4 MiB)");
	answer_problem(rq, 404, "this part of the page is not installed");
	return false;
}

static void send_part(struct request *rq, const char *dir, const char *file, const char *type)
{
	const char *known = cgi_variable(&rq->cgi, "HTTP_IF_NONE_MATCH");
	AUTO_BUF struct buf b = { 0 };
	char tag[96];
	struct stat st;

	if (!read_part(rq, dir, file, &b, &st))
		return;
	snprintf(tag, sizeof tag, "\"%zx-%" PRIx64 ".%lx\"", b.len, (uint64_t)st.st_mtim.tv_sec,
		 (unsigned long)st.st_mtim.tv_nsec);
	answer_header(rq, "ETag", "%s", tag);
	answer_header(rq, "Cache-Control", "no-cache");
	answer_header(rq, "Referrer-Policy", "no-referrer");
	if (known && strstr(known, tag)) /* also as W/"…": a server that compresses makes the tag weak */
		answer_empty(rq, 304);
	else
		answer_text(rq, 200, type, b.data ? b.data : "", b.len);
}

/* Lets any site's page load it. For http_origins the CORS header is there already, and it may be sent once only. */
static void for_all_sites(struct request *rq)
{
	if (!rq->headers.data || !strcasestr(rq->headers.data, "Access-Control-Allow-Origin:"))
		answer_header(rq, "Access-Control-Allow-Origin", "*");
	answer_header(rq, "Cross-Origin-Resource-Policy", "cross-origin");
}

/* The page's links are relative, so its address must end with '/': redirect when it does not. */
void page_index(struct request *rq)
{
	AUTO_BUF struct buf to = { 0 };

	if (!cgi_variable(&rq->cgi, "PATH_INFO") && *rq->cgi.prefix) {
		if (cgi_escape(&to, rq->cgi.prefix, false) < 0 || buf_add(&to, "/", 1) < 0)
			answer_die(rq);
		answer_header(rq, "Location", "%s", to.data);
		answer_empty(rq, 308);
		return;
	}
	answer_header(rq, "Content-Security-Policy", "%s", POLICY);
	answer_header(rq, "Cross-Origin-Opener-Policy", "same-origin");
	send_part(rq, rq->client.conf.http_page, "index.html", html);
}

void page_part(struct request *rq)
{
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (strcmp(parts[i].name, rq->rest) == 0) {
			if (parts[i].type == js)
				for_all_sites(rq);
			else
				answer_header(rq, "Content-Security-Policy", "sandbox; default-src 'none'");
			send_part(rq, parts[i].editor ? rq->client.conf.http_editor : rq->client.conf.http_page,
				  parts[i].file, parts[i].type);
			return;
		}
	answer_problem(rq, 404, "there is nothing at this address");
}

void page_embed(struct request *rq)
{
	for_all_sites(rq);
	send_part(rq, rq->client.conf.http_page, "embed.js", js);
}
