/* declare.c - reads the packages that a job's files declare (declare.h)
 *
 * Each form is read as its own documents say, and only as far as it names packages:
 *
 *     #:package      file-based programs of .NET: directives end at the first token of C#
 *     # /// script   PEP 723, with that part of TOML which its three keys need
 *     requirements.txt   pip's format, a requirement (PEP 508) a line
 *     package.json   the object `dependencies`
 *
 * Settings of registries are passed over. What cannot be done here (an address, a file, an
 * environment marker, a hash) is an error that names its line, never left out in silence.
 */
#include "job/manifest.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"
#include "job/job.h"
#include "job/packages.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SPACE " \t"

struct reader {
	struct job *j;
	enum grammar g;
	size_t own;	  /* so many are of the job's field */
	const char *file; /* that is being read */
	size_t line;	  /* of it; 0 none */
	struct cee_err *e;
};

struct span {
	const char *p;
	size_t len;
};

static int wrong(const struct reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
static int wrong(const struct reader *r, const char *format, ...)
{
	char path[JSON_PATH_MAX], text[400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (r->line)
		snprintf(path, sizeof path, "%.100s, line %zu", r->file, r->line);
	else
		snprintf(path, sizeof path, "%.100s", r->file);
	return json_wrong(r->e, path, "%s", text);
}

/* ---- spans --------------------------------------------------------------------- */

static bool begins(struct span s, const char *with)
{
	size_t n = strlen(with);

	return s.len >= n && memcmp(s.p, with, n) == 0;
}

static struct span from(struct span s, size_t n)
{
	return (struct span){ s.p + n, s.len - n };
}

static bool one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c);
}

static struct span trim(struct span s)
{
	while (s.len && one_of(s.p[0], SPACE "\r\f\v"))
		s = from(s, 1);
	while (s.len && one_of(s.p[s.len - 1], SPACE "\r\f\v"))
		s.len--;
	return s;
}

/* The next line of text, without its end; text becomes what follows. */
static bool next_line(struct span *text, struct span *line)
{
	const char *end;

	if (text->len == 0)
		return false;
	end = memchr(text->p, '\n', text->len);
	*line = (struct span){ text->p, end ? (size_t)(end - text->p) : text->len };
	*text = from(*text, line->len + (end != NULL));
	if (line->len && line->p[line->len - 1] == '\r')
		line->len--;
	return true;
}

static const struct job_file *file_of(const struct job *j, const char *name)
{
	for (size_t i = 0; i < j->nfiles; i++)
		if (strcmp(j->files[i].name, name) == 0)
			return &j->files[i];
	return NULL;
}

/* ---- one package ----------------------------------------------------------------- */

static int add(struct reader *r, const char *name, const char *version)
{
	struct job *j = r->j;

	if (!package_name_valid(r->g, name))
		return wrong(r, "\"%.60s\" is no name that a package can have", name);
	if (!package_version_valid(r->g, version) && !package_range_valid(r->g, version))
		return r->g == GRAMMAR_NUGET ? wrong(r, "\"%.60s\" is no exact version, as 13.0.1 is", version)
					     : wrong(r, "\"%.60s\" is neither a version nor a range of them", version);
	for (size_t i = 0; i < j->npackages; i++) {
		if (!package_same(r->g, j->packages[i].name, name))
			continue;
		if (i < r->own || strcmp(j->packages[i].version, version) == 0)
			return 0;
		return wrong(r, "\"%.60s\" is asked for as %.60s, and before as %.60s", name, version,
			     j->packages[i].version);
	}
	if (j->npackages >= PACKAGES_MAX)
		return wrong(r, "with this there are more than %d packages, which is the most", PACKAGES_MAX);
	return package_add(&j->packages, &j->npackages, name, version) < 0 ? cee_fail(r->e, ENOMEM, "out of memory")
									   : 0;
}

/* ---- C#: #:package NAME@VERSION --------------------------------------------------- */

static int csharp_package(struct reader *r, struct span s)
{
	AUTO_FREE char *text = strndup(s.p, s.len);
	char *version = text ? text + strcspn(text, "@ \t") : NULL;

	if (!text)
		return cee_fail(r->e, ENOMEM, "out of memory");
	if (*version) { /* "A@1", "A @ 1" and "A 1" */
		char *at = version + strspn(version, SPACE);

		at += *at == '@';
		*version = '\0';
		version = at + strspn(at, SPACE);
	}
	if (!*version)
		return wrong(r, "#:package %.60s needs an exact version: %.60s@1.2.3", text, text);
	return add(r, text, version);
}

/* A line before the first token: blank, a comment, or one that begins with '#'. comment: inside of one
 * that goes over lines. */
static bool csharp_before(struct span line, bool *comment)
{
	for (line = trim(line); line.len; line = trim(line)) {
		if (*comment) {
			const char *end = memmem(line.p, line.len, "*/", 2);

			*comment = !end;
			if (end)
				line = from(line, (size_t)(end - line.p) + 2);
			else
				line.len = 0;
		} else if (begins(line, "/*")) {
			*comment = true;
			line = from(line, 2);
		} else {
			return begins(line, "//") || begins(line, "#");
		}
	}
	return true;
}

static int csharp(struct reader *r, struct span text)
{
	struct span line;
	bool comment = false;

	if (begins(text, "\xef\xbb\xbf"))
		text = from(text, 3);
	while (next_line(&text, &line)) {
		struct span s = trim(line);
		bool inside = comment;

		r->line++;
		if (!csharp_before(line, &comment))
			return 0;
		if (inside || !begins(s, "#:package") || (s.len > 9 && !one_of(s.p[9], SPACE)))
			continue;
		if (csharp_package(r, trim(from(s, 9))) < 0)
			return -1;
	}
	return 0;
}

/* ---- Python: a requirement, PEP 508 ------------------------------------------------- */

/* "requests [socks] >= 2, <3" without its spaces: NAME[EXTRAS], and what follows. */
static int requirement(struct reader *r, struct span s)
{
	AUTO_FREE char *text = NULL;
	AUTO_FREE char *name = NULL;
	char *version, *close;
	size_t n = 0;

	if (memchr(s.p, ';', s.len))
		return wrong(r, "environment markers are not read here: name the package without what follows the ';'");
	if (memchr(s.p, '@', s.len) || memmem(s.p, s.len, "://", 3))
		return wrong(r, "packages come from the registry alone: give a name and a version, not an address");
	if (memmem(s.p, s.len, "--", 2))
		return wrong(r, "options of a requirement, as --hash, are not read here: leave them out");
	text = calloc(s.len + 1, 1);
	if (!text)
		return cee_fail(r->e, ENOMEM, "out of memory");
	for (size_t i = 0; i < s.len; i++) {
		bool gap = one_of(s.p[i], SPACE);

		/* Two words are no requirement: "a b" must not become "ab". */
		if (gap && n && i + 1 < s.len && !one_of(text[n - 1], "[],<>=!~(") &&
		    !one_of(s.p[i + 1], SPACE "[],<>=!~()"))
			return wrong(r, "\"%.*s\" is no requirement, as \"requests>=2,<3\" is",
				     (int)(s.len < 60 ? s.len : 60), s.p);
		if (!gap)
			text[n++] = s.p[i];
	}
	version = text + strcspn(text, "<>=!~(");
	name = strndup(text, (size_t)(version - text));
	if (!name)
		return cee_fail(r->e, ENOMEM, "out of memory");
	if (*version == '(' && (close = strchr(version, ')')) && close[1] == '\0') {
		*close = '\0';
		version++;
	}
	if (version[0] == '=' && version[1] == '=' && package_version_valid(r->g, version + 2))
		version += 2;
	return add(r, name, *version ? version : "*");
}

/* ---- requirements.txt ----------------------------------------------------------------- */

/* An option's own line: what says where packages come from is the administrator's, and passed over. */
static int requirements_option(struct reader *r, struct span s)
{
	static const char *const refused[] = { "-r",	     "--requirement",	 "-c", "--constraint", "-e",
					       "--editable", "--require-hashes", NULL };

	for (size_t i = 0; refused[i]; i++) {
		size_t n = strlen(refused[i]);

		if (begins(s, refused[i]) && (s.len == n || !one_of(s.p[n], "abcdefghijklmnopqrstuvwxyz-")))
			return wrong(r, "%s is not read here: give the packages themselves, a line each", refused[i]);
	}
	return 0;
}

static int requirements_line(struct reader *r, struct span s)
{
	s = trim(s);
	if (s.len == 0)
		return 0;
	return s.p[0] == '-' ? requirements_option(r, s) : requirement(r, s);
}

/* What stands before a '#' that begins the line or follows a space. */
static struct span uncommented(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] == '#' && (i == 0 || one_of(s.p[i - 1], SPACE)))
			s.len = i;
	return s;
}

static int requirements(struct reader *r, struct span text)
{
	AUTO_BUF struct buf whole = { 0 };
	struct span line;
	bool more = false;

	if (begins(text, "\xef\xbb\xbf"))
		text = from(text, 3);
	for (size_t n = 1; next_line(&text, &line); n++) {
		if (!more) {
			whole.len = 0;
			r->line = n;
		}
		line = uncommented(line);
		more = line.len && line.p[line.len - 1] == '\\';
		if (buf_add(&whole, line.p, line.len - more) < 0)
			return cee_fail(r->e, ENOMEM, "out of memory");
		if (!more && requirements_line(r, (struct span){ whole.data ? whole.data : "", whole.len }) < 0)
			return -1;
	}
	return more ? requirements_line(r, (struct span){ whole.data, whole.len }) : 0;
}

/* ---- PEP 723 ------------------------------------------------------------------------------ */

/* The text of the block, without "# ", and of how many lines of it s has been read. */
struct toml {
	const char *p, *end;
	size_t line;
};

static void toml_space(struct toml *t, bool lines)
{
	for (; t->p < t->end; t->p++) {
		if (*t->p == '#')
			while (t->p + 1 < t->end && t->p[1] != '\n')
				t->p++;
		else if (*t->p == '\n' && lines)
			t->line++;
		else if (!one_of(*t->p, SPACE))
			return;
	}
}

/* "basic" or 'literal'. Of escapes those that stand for one character below 128. */
static int toml_string(struct reader *r, struct toml *t, struct buf *out)
{
	static const char escape[] = "\"\\bfnrt", means[] = "\"\\\b\f\n\r\t";
	char quote = t->p < t->end ? *t->p : '\0', c;

	out->len = 0;
	if (quote != '"' && quote != '\'')
		return wrong(r, "a string is missing, as \"requests<3\"");
	for (t->p++; t->p < t->end && *t->p != quote && *t->p != '\n'; t->p++) {
		c = *t->p;
		if (c == '\\' && quote == '"') {
			const char *at = ++t->p < t->end && *t->p ? strchr(escape, *t->p) : NULL;

			if (!at)
				return wrong(r, "this escape is not read here");
			c = means[at - escape];
		}
		if (buf_add(out, &c, 1) < 0)
			return cee_fail(r->e, ENOMEM, "out of memory");
	}
	if (t->p >= t->end || *t->p++ != quote)
		return wrong(r, "a string does not end on its line");
	return 0;
}

static int toml_strings(struct reader *r, struct toml *t)
{
	AUTO_BUF struct buf s = { 0 };

	if (t->p >= t->end || *t->p++ != '[')
		return wrong(r, "dependencies must be an array of strings");
	for (;;) {
		toml_space(t, true);
		r->line = t->line;
		if (t->p < t->end && *t->p == ']') {
			t->p++;
			return 0;
		}
		if (toml_string(r, t, &s) < 0 || requirement(r, trim((struct span){ s.data ? s.data : "", s.len })) < 0)
			return -1;
		toml_space(t, true);
		if (t->p < t->end && *t->p == ',')
			t->p++;
		else if (t->p >= t->end || *t->p != ']')
			return wrong(r, "a ',' or a ']' is missing");
	}
}

/* One KEY = VALUE. */
static int toml_pair(struct reader *r, struct toml *t)
{
	AUTO_BUF struct buf s = { 0 };
	const char *key = t->p;
	size_t n = 0;

	while (t->p < t->end && (one_of(*t->p, "-_") || (*t->p >= 'a' && *t->p <= 'z')))
		t->p++, n++;
	toml_space(t, false);
	if (n == 0 || t->p >= t->end || *t->p++ != '=')
		return wrong(r, "a line must be KEY = VALUE: there is dependencies, requires-python and [tool]");
	toml_space(t, false);
	if (n == 12 && memcmp(key, "dependencies", n) == 0)
		return toml_strings(r, t);
	if (n == 15 && memcmp(key, "requires-python", n) == 0)
		return toml_string(r, t, &s);
	return wrong(r, "\"%.*s\" is none of the keys, which are dependencies and requires-python",
		     (int)(n < 60 ? n : 60), key);
}

/* What follows the first [table] belongs to tools. */
static int toml(struct reader *r, struct toml *t)
{
	for (;;) {
		toml_space(t, true);
		r->line = t->line;
		if (t->p >= t->end || *t->p == '[')
			return 0;
		if (toml_pair(r, t) < 0)
			return -1;
		toml_space(t, false);
		if (t->p < t->end && *t->p != '\n')
			return wrong(r, "there is more on the line than one value");
	}
}

/* A block's content ends at its last "# ///". Lines: of the file, up to the block's first. */
static int script_block(struct reader *r, struct span *text, size_t *line)
{
	AUTO_BUF struct buf block = { 0 };
	struct span rest = *text, s;
	size_t n = *line, first = n + 1, end = 0, end_line = 0;
	struct toml t;

	while (next_line(&rest, &s) && (begins(s, "# ") || (s.len == 1 && *s.p == '#'))) {
		n++;
		if (s.len == 5 && begins(s, "# ///")) {
			end = block.len;
			end_line = n;
			*text = rest;
		}
		if (buf_add(&block, s.p + (s.len > 1 ? 2 : 1), s.len - (s.len > 1 ? 2 : 1)) < 0 ||
		    buf_add(&block, "\n", 1) < 0)
			return cee_fail(r->e, ENOMEM, "out of memory");
	}
	if (!end_line)
		return 0; /* never ended: a comment like others */
	*line = end_line;
	t = (struct toml){ block.data, block.data + end, first };
	return toml(r, &t) < 0 ? -1 : 1;
}

static int script(struct reader *r, struct span text)
{
	struct span line;
	size_t n = 0;
	bool had = false;

	if (begins(text, "\xef\xbb\xbf"))
		text = from(text, 3);
	while (next_line(&text, &line)) {
		n++;
		if (line.len != 12 || !begins(line, "# /// script"))
			continue;
		r->line = n;
		int got = script_block(r, &text, &n);
		if (got < 0)
			return -1;
		if (got > 0 && had)
			return wrong(r, "there are two blocks \"# /// script\": one is the most");
		had = had || got > 0;
	}
	return 0;
}

/* ---- package.json --------------------------------------------------------------------- */

/* A range with one space between its parts, and none behind an operator: ">= 1.0  ||2" → ">=1.0 || 2" */
static int npm_spaces(const char *s, struct buf *out)
{
	for (out->len = 0; *s;) {
		bool joint = strncmp(s, "||", 2) == 0;

		if (one_of(*s, SPACE)) {
			s++;
			if (out->len && !one_of(out->data[out->len - 1], "<>=^~ ") && buf_add(out, " ", 1) < 0)
				return -1;
		} else if (joint) {
			if ((out->len && out->data[out->len - 1] != ' ' && buf_add(out, " ", 1) < 0) ||
			    buf_add(out, "|| ", 3) < 0)
				return -1;
			s += 2;
		} else if (buf_add(out, s++, 1) < 0) {
			return -1;
		}
	}
	while (out->len && out->data[out->len - 1] == ' ')
		out->data[--out->len] = '\0';
	return 0;
}

static int npm_dependency(struct reader *r, const cJSON *v)
{
	AUTO_BUF struct buf range = { 0 };

	if (!cJSON_IsString(v))
		return wrong(r, "dependencies: \"%.60s\" must be a version or a range", v->string);
	if (strpbrk(v->valuestring, ":/"))
		return wrong(r,
			     "dependencies: \"%.60s\": packages come from the registry alone: give a version or a "
			     "range, not \"%.60s\"",
			     v->string, v->valuestring);
	if (npm_spaces(v->valuestring, &range) < 0)
		return cee_fail(r->e, ENOMEM, "out of memory");
	return add(r, v->string, range.len ? range.data : "*");
}

static int package_json(struct reader *r, struct span text)
{
	struct cee_err why;
	AUTO_JSON cJSON *root = json_parse(text.p, text.len, &why);
	const cJSON *dependencies = cJSON_GetObjectItemCaseSensitive(root, "dependencies"), *v;

	if (!root)
		return wrong(r, "%.300s", why.msg);
	if (dependencies && !cJSON_IsObject(dependencies))
		return wrong(r, "dependencies must be an object of names and versions");
	cJSON_ArrayForEach(v, dependencies) if (npm_dependency(r, v) < 0) return -1;
	return 0;
}

/* ---- the job ------------------------------------------------------------------------------- */

static struct span bytes(const void *p, size_t len)
{
	return (struct span){ p ? p : "", len };
}

/* The entry point, which is `code` or the first file. */
static int entry(struct reader *r, int (*read)(struct reader *, struct span))
{
	const struct job *j = r->j;

	r->line = 0;
	r->file = j->code || !j->nfiles ? "code" : j->files[0].name;
	if (j->code)
		return read(r, bytes(j->code, j->code_len));
	return j->nfiles ? read(r, bytes(j->files[0].data, j->files[0].len)) : 0;
}

static int named(struct reader *r, const char *name, int (*read)(struct reader *, struct span))
{
	const struct job_file *f = file_of(r->j, name);

	r->line = 0;
	r->file = name;
	return f ? read(r, bytes(f->data, f->len)) : 0;
}

int job_declare(struct job *j, enum grammar g, struct cee_err *e)
{
	struct reader r = { .j = j, .g = g, .own = j->npackages, .e = e };

	switch (g) {
	case GRAMMAR_NUGET:
		return entry(&r, csharp);
	case GRAMMAR_PIP:
		return entry(&r, script) < 0 ? -1 : named(&r, "requirements.txt", requirements);
	case GRAMMAR_NPM:
		return named(&r, "package.json", package_json);
	case GRAMMAR_ANY:
	case GRAMMAR_COUNT:
		break;
	}
	return 0;
}
