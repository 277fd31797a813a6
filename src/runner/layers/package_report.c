/* package_report.c - the report of a package box, and the verdict on it (package_report.h)
 *
 * The output of a package box is untrusted: a missing END is a failure. Only this file decides whether a failure is
 * the job's fault or cee's.
 */
#include "runner/layers/package_report.h"
#include "wire/frame_types.h"
#include "base/buf.h"
#include "base/limit.h"
#include "base/text.h"
#include "wire/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum {
	CLIENT_REFUSED = 1, /* exit code of a package client: these packages are not available (cee-languages(5)) */
	DATA_ERROR = 65	    /* exit code of cee-init's unpack: the tree breaks a rule */
};

void package_report_release(struct package_report *r)
{
	buf_release(&r->output);
	buf_release(&r->lock);
	buf_release(&r->manifest);
}

void package_report_restart(struct package_report *r)
{
	memset(r->ended, 0, sizeof r->ended);
	r->trouble[0] = '\0';
	r->gap = false;
	buf_release(&r->output);
	buf_release(&r->manifest);
}

static bool succeeded(const struct package_report *r, enum frame_phase p)
{
	return r->ended[p] && r->end[p].how == END_EXITED && r->end[p].status == 0;
}

static bool exited(const struct package_report *r, enum frame_phase p, uint64_t status)
{
	return r->ended[p] && r->end[p].how == END_EXITED && r->end[p].status == status;
}

/* A program's output as one line: its lines, joined. */
static void one_line(const struct buf *output, const char *otherwise, char *out, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < output->len && n + 3 < size; i++) {
		char c = output->data[i];

		if (c == '\n' || c == '\r') {
			if (n && out[n - 1] != ' ' && i + 1 < output->len) {
				out[n++] = ';';
				out[n++] = ' ';
			}
		} else if (c != ' ' || (n && out[n - 1] != ' ')) {
			out[n++] = c ? c : '?';
		}
	}
	while (n && (out[n - 1] == ' ' || out[n - 1] == ';'))
		n--;
	out[n] = '\0';
	text_clean(out);
	if (!n)
		snprintf(out, size, "%s", otherwise);
}

/* The message if the job's packages exceed a limit; or NULL. */
static const char *too_much(const struct package_report *r, enum frame_phase p)
{
	uint64_t how = r->ended[p] ? r->end[p].how : END_TROUBLE, exceeded = r->ended[p] ? r->end[p].exceeded : 0;

	if (how == END_DISK_LIMIT || how == END_FILE_SIZE_LIMIT || exceeded & (1u << LIMIT_DISK | 1u << LIMIT_INODES) ||
	    (p == PHASE_RUN && how == END_OUTPUT_LIMIT))
		return "these packages need more than a layer may hold here (packages.bytes, packages.inodes)";
	if (how == END_MEMORY_LIMIT)
		return "resolving these packages needs more memory than a package box has (packages.memory)";
	if (how == END_OUTPUT_LIMIT)
		return "the package client's output exceeds its limit";
	return NULL;
}

static enum layer_answer answer(enum layer_answer a, const char *text, char *message, size_t size)
{
	snprintf(message, size, "%s", text);
	text_clean(message); /* a box's own words, too */
	return a;
}

enum layer_answer package_fetch_answer(const struct package_report *r, char *message, size_t size)
{
	const char *refused = too_much(r, PHASE_COMPILE);
	char text[400];

	if (succeeded(r, PHASE_COMPILE) && succeeded(r, PHASE_RUN) && !r->gap)
		return LAYER_READY;
	one_line(&r->output, "the package client failed without a message", text, sizeof text);
	if (!refused)
		refused = too_much(r, PHASE_RUN);
	if (refused)
		return answer(LAYER_REFUSED, refused, message, size);
	if (exited(r, PHASE_COMPILE, CLIENT_REFUSED))
		return answer(LAYER_REFUSED, text, message, size);
	if (r->ended[PHASE_COMPILE] && r->end[PHASE_COMPILE].how == END_WALL_LIMIT)
		return answer(LAYER_FAILED, "the registry did not answer in time (packages.wall)", message, size);
	return answer(LAYER_FAILED, *r->trouble ? r->trouble : text, message, size);
}

enum layer_answer package_unpack_answer(const struct package_report *r, char *message, size_t size)
{
	char text[400];

	if (succeeded(r, PHASE_RUN) && !r->gap)
		return LAYER_READY;
	one_line(&r->output, *r->trouble ? r->trouble : "the packages could not be unpacked", text, sizeof text);
	return answer(exited(r, PHASE_RUN, DATA_ERROR) ? LAYER_REFUSED : LAYER_FAILED, text, message, size);
}
