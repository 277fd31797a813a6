/* manifest_text.c - shared by the readers of manifests: spans of text, messages with a line, adding a package */
#include "base/error.h"
#include "base/json_values.h"
#include "job/job.h"
#include "job/job_files.h"
#include "job/manifest_internal.h"
#include "job/package_names.h"
#include "job/packages.h"
#include "layers/grammar.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

int manifest_wrong(const struct reader *r, const char *format, ...)
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

bool span_begins(struct span s, const char *with)
{
	size_t n = strlen(with);

	return s.len >= n && memcmp(s.p, with, n) == 0;
}

struct span span_from(struct span s, size_t n)
{
	return (struct span){ s.p + n, s.len - n };
}

bool char_in(char c, const char *set)
{
	return c != '\0' && strchr(set, c);
}

struct span span_trim(struct span s)
{
	while (s.len && char_in(s.p[0], SPACE "\r\f\v"))
		s = span_from(s, 1);
	while (s.len && char_in(s.p[s.len - 1], SPACE "\r\f\v"))
		s.len--;
	return s;
}

/* The next line of text, without its newline; text becomes the rest. */
bool span_next_line(struct span *text, struct span *line)
{
	const char *end;

	if (text->len == 0)
		return false;
	end = memchr(text->p, '\n', text->len);
	*line = (struct span){ text->p, end ? (size_t)(end - text->p) : text->len };
	*text = span_from(*text, line->len + (end != NULL));
	if (line->len && line->p[line->len - 1] == '\r')
		line->len--;
	return true;
}

const struct job_file *manifest_file(const struct job *j, const char *name)
{
	for (size_t i = 0; i < j->nfiles; i++)
		if (strcmp(j->files[i].name, name) == 0)
			return &j->files[i];
	return NULL;
}

int manifest_add(struct reader *r, const char *name, const char *version)
{
	struct job *j = r->j;

	if (!package_name_valid(r->g, name))
		return manifest_wrong(r, "\"%.60s\" is not a valid package name", name);
	if (!package_version_valid(r->g, version) && !package_range_valid(r->g, version))
		return r->g == GRAMMAR_NUGET
			       ? manifest_wrong(r, "\"%.60s\" is not an exact version (such as 13.0.1)", version)
			       : manifest_wrong(r, "\"%.60s\" is neither a version nor a range of them", version);
	for (size_t i = 0; i < j->npackages; i++) {
		if (!package_same(r->g, j->packages[i].name, name))
			continue;
		if (i < r->own || strcmp(j->packages[i].version, version) == 0)
			return 0;
		return manifest_wrong(r, "\"%.60s\" is asked for as %.60s, and before as %.60s", name, version,
				      j->packages[i].version);
	}
	if (j->npackages >= PACKAGES_MAX)
		return manifest_wrong(r, "too many packages (at most %d for a job)", PACKAGES_MAX);
	return package_add(&j->packages, &j->npackages, name, version) < 0 ? cee_no_memory(r->e) : 0;
}
