/* manifest_python.c - requirements.txt (PEP 508, a requirement a line) and PEP 723 ("# /// script") */
#include "base/buf.h"
#include "base/error.h"
#include "job/manifest_internal.h"
#include "job/package_names.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Removes the spaces of "requests [socks] >= 2, <3" and splits it into NAME[EXTRAS] and the rest. */
static int requirement(struct reader *r, struct span s)
{
	AUTO_FREE char *text = NULL;
	AUTO_FREE char *name = NULL;
	char *version, *close;
	size_t n = 0;

	if (memchr(s.p, ';', s.len))
		return manifest_wrong(r, "environment markers are not read here: name the package without what follows "
					 "the ';'");
	if (memchr(s.p, '@', s.len) || memmem(s.p, s.len, "://", 3))
		return manifest_wrong(r, "packages come from the registry alone: give a name and a version, not an "
					 "address");
	if (memmem(s.p, s.len, "--", 2))
		return manifest_wrong(r, "options of a requirement, as --hash, are not read here: leave them out");
	text = calloc(s.len + 1, 1);
	if (!text)
		return cee_no_memory(r->e);
	for (size_t i = 0; i < s.len; i++) {
		bool gap = char_in(s.p[i], SPACE);

		/* Two words are not a valid requirement: "a b" must not become "ab". */
		if (gap && n && i + 1 < s.len && !char_in(text[n - 1], "[],<>=!~(") &&
		    !char_in(s.p[i + 1], SPACE "[],<>=!~()"))
			return manifest_wrong(r, "\"%.*s\" is not a requirement (such as \"requests>=2,<3\")",
					      (int)(s.len < 60 ? s.len : 60), s.p);
		if (!gap)
			text[n++] = s.p[i];
	}
	version = text + strcspn(text, "<>=!~(");
	name = strndup(text, (size_t)(version - text));
	if (!name)
		return cee_no_memory(r->e);
	if (*version == '(' && (close = strchr(version, ')')) && close[1] == '\0') {
		*close = '\0';
		version++;
	}
	if (version[0] == '=' && version[1] == '=' && package_version_valid(r->g, version + 2))
		version += 2;
	return manifest_add(r, name, *version ? version : "*");
}

/* A line with an option. Options that set the source of packages are ignored: the administrator sets it. */
static int requirements_option(struct reader *r, struct span s)
{
	static const char *const refused[] = { "-r",	     "--requirement",	 "-c", "--constraint", "-e",
					       "--editable", "--require-hashes", NULL };

	for (size_t i = 0; refused[i]; i++) {
		size_t n = strlen(refused[i]);

		if (span_begins(s, refused[i]) && (s.len == n || !char_in(s.p[n], "abcdefghijklmnopqrstuvwxyz-")))
			return manifest_wrong(r, "%s is not read here: give the packages themselves, a line each",
					      refused[i]);
	}
	return 0;
}

static int requirements_line(struct reader *r, struct span s)
{
	s = span_trim(s);
	if (s.len == 0)
		return 0;
	return s.p[0] == '-' ? requirements_option(r, s) : requirement(r, s);
}

/* The text before a '#' that begins the line or follows a space. */
static struct span uncommented(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] == '#' && (i == 0 || char_in(s.p[i - 1], SPACE)))
			s.len = i;
	return s;
}

int manifest_requirements(struct reader *r, struct span text)
{
	AUTO_BUF struct buf whole = { 0 };
	struct span line;
	bool more = false;

	if (span_begins(text, "\xef\xbb\xbf"))
		text = span_from(text, 3);
	for (size_t n = 1; span_next_line(&text, &line); n++) {
		if (!more) {
			whole.len = 0;
			r->line = n;
		}
		line = uncommented(line);
		more = line.len && line.p[line.len - 1] == '\\';
		if (buf_add(&whole, line.p, line.len - more) < 0)
			return cee_no_memory(r->e);
		if (!more && requirements_line(r, (struct span){ whole.data ? whole.data : "", whole.len }) < 0)
			return -1;
	}
	return more ? requirements_line(r, (struct span){ whole.data, whole.len }) : 0;
}

/* The text of the block, without "# ", and the number of its lines that have been read. */
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
		else if (!char_in(*t->p, SPACE))
			return;
	}
}

/* "basic" or 'literal'. Only escapes for one character below 128 are accepted. */
static int toml_string(struct reader *r, struct toml *t, struct buf *out)
{
	static const char escape[] = "\"\\bfnrt", means[] = "\"\\\b\f\n\r\t";
	char quote = t->p < t->end ? *t->p : '\0', c;

	out->len = 0;
	if (quote != '"' && quote != '\'')
		return manifest_wrong(r, "a string is missing, as \"requests<3\"");
	for (t->p++; t->p < t->end && *t->p != quote && *t->p != '\n'; t->p++) {
		c = *t->p;
		if (c == '\\' && quote == '"') {
			const char *at = ++t->p < t->end && *t->p ? strchr(escape, *t->p) : NULL;

			if (!at)
				return manifest_wrong(r, "this escape is not read here");
			c = means[at - escape];
		}
		if (buf_add(out, &c, 1) < 0)
			return cee_no_memory(r->e);
	}
	if (t->p >= t->end || *t->p++ != quote)
		return manifest_wrong(r, "a string does not end on its line");
	return 0;
}

static int toml_strings(struct reader *r, struct toml *t)
{
	AUTO_BUF struct buf s = { 0 };

	if (t->p >= t->end || *t->p++ != '[')
		return manifest_wrong(r, "dependencies must be an array of strings");
	for (;;) {
		toml_space(t, true);
		r->line = t->line;
		if (t->p < t->end && *t->p == ']') {
			t->p++;
			return 0;
		}
		if (toml_string(r, t, &s) < 0 ||
		    requirement(r, span_trim((struct span){ s.data ? s.data : "", s.len })) < 0)
			return -1;
		toml_space(t, true);
		if (t->p < t->end && *t->p == ',')
			t->p++;
		else if (t->p >= t->end || *t->p != ']')
			return manifest_wrong(r, "a ',' or a ']' is missing");
	}
}

/* One KEY = VALUE. */
static int toml_pair(struct reader *r, struct toml *t)
{
	AUTO_BUF struct buf s = { 0 };
	const char *key = t->p;
	size_t n = 0;

	while (t->p < t->end && (char_in(*t->p, "-_") || (*t->p >= 'a' && *t->p <= 'z')))
		t->p++, n++;
	toml_space(t, false);
	if (n == 0 || t->p >= t->end || *t->p++ != '=')
		return manifest_wrong(r,
				      "a line must be KEY = VALUE: there is dependencies, requires-python and [tool]");
	toml_space(t, false);
	if (n == 12 && memcmp(key, "dependencies", n) == 0)
		return toml_strings(r, t);
	if (n == 15 && memcmp(key, "requires-python", n) == 0)
		return toml_string(r, t, &s);
	return manifest_wrong(r, "\"%.*s\" is not a key (there are dependencies and requires-python)",
			      (int)(n < 60 ? n : 60), key);
}

/* Everything after the first [table] is for other tools. */
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
			return manifest_wrong(r, "there is more on the line than one value");
	}
}

/* A block's content ends at its last "# ///". Lines are counted from the beginning of the file. */
static int script_block(struct reader *r, struct span *text, size_t *line)
{
	AUTO_BUF struct buf block = { 0 };
	struct span rest = *text, s;
	size_t n = *line, first = n + 1, end = 0, end_line = 0;
	struct toml t;

	while (span_next_line(&rest, &s) && (span_begins(s, "# ") || (s.len == 1 && *s.p == '#'))) {
		n++;
		if (s.len == 5 && span_begins(s, "# ///")) {
			end = block.len;
			end_line = n;
			*text = rest;
		}
		if (buf_add(&block, s.p + (s.len > 1 ? 2 : 1), s.len - (s.len > 1 ? 2 : 1)) < 0 ||
		    buf_add(&block, "\n", 1) < 0)
			return cee_no_memory(r->e);
	}
	if (!end_line)
		return 0; /* without an end: an ordinary comment */
	*line = end_line;
	t = (struct toml){ block.data, block.data + end, first };
	return toml(r, &t) < 0 ? -1 : 1;
}

int manifest_script(struct reader *r, struct span text)
{
	struct span line;
	size_t n = 0;
	bool had = false;

	if (span_begins(text, "\xef\xbb\xbf"))
		text = span_from(text, 3);
	while (span_next_line(&text, &line)) {
		n++;
		if (line.len != 12 || !span_begins(line, "# /// script"))
			continue;
		r->line = n;
		int got = script_block(r, &text, &n);
		if (got < 0)
			return -1;
		if (got > 0 && had)
			return manifest_wrong(r, "duplicate block \"# /// script\"");
		had = had || got > 0;
	}
	return 0;
}
