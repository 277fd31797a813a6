/* manifest_csharp.c - file-based programs of .NET: "#:package NAME@VERSION" before the first token of C# */
#include "base/buf.h"
#include "base/error.h"
#include "job/manifest_internal.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static int csharp_package(struct reader *r, struct span s)
{
	AUTO_FREE char *text = strndup(s.p, s.len);
	char *version = text ? text + strcspn(text, "@ \t") : NULL;

	if (!text)
		return cee_no_memory(r->e);
	if (*version) { /* "A@1", "A @ 1" and "A 1" */
		char *at = version + strspn(version, SPACE);

		at += *at == '@';
		*version = '\0';
		version = at + strspn(at, SPACE);
	}
	if (!*version)
		return manifest_wrong(r, "#:package %.60s needs an exact version: %.60s@1.2.3", text, text);
	return manifest_add(r, text, version);
}

/* Is this a line before the first token: blank, a comment, or one that begins with '#'? comment: inside a comment
 * of several lines. */
static bool csharp_before(struct span line, bool *comment)
{
	for (line = span_trim(line); line.len; line = span_trim(line)) {
		if (*comment) {
			const char *end = memmem(line.p, line.len, "*/", 2);

			*comment = !end;
			if (end)
				line = span_from(line, (size_t)(end - line.p) + 2);
			else
				line.len = 0;
		} else if (span_begins(line, "/*")) {
			*comment = true;
			line = span_from(line, 2);
		} else {
			return span_begins(line, "//") || span_begins(line, "#");
		}
	}
	return true;
}

int manifest_csharp(struct reader *r, struct span text)
{
	struct span line;
	bool comment = false;

	if (span_begins(text, "\xef\xbb\xbf"))
		text = span_from(text, 3);
	while (span_next_line(&text, &line)) {
		struct span s = span_trim(line);
		bool inside = comment;

		r->line++;
		if (!csharp_before(line, &comment))
			return 0;
		if (inside || !span_begins(s, "#:package") || (s.len > 9 && !char_in(s.p[9], SPACE)))
			continue;
		if (csharp_package(r, span_trim(span_from(s, 9))) < 0)
			return -1;
	}
	return 0;
}
