/* offer.h - making a job and giving it to the spool: what cee-submit and cee-run do alike
 *
 * Like client.h this is for programs: it prints and exits.
 */
#ifndef CEE_OFFER_H
#define CEE_OFFER_H

#include "base/buf.h"
#include "base/error.h"
#include "base/limit.h"
#include "base/names.h"
#include "cli/client.h"
#include "job/compose.h"

#include <stdbool.h>
#include <stddef.h>

/* Options that are fields of a job, as client.h has the common ones. A program's own
 * options without a letter begin at OFFER_OWN. */
#define OFFER_SHORT "E:L:p:"
enum {
	OFFER_FRAMEWORK = CLIENT_OWN,
	OFFER_MERGE,
	OFFER_TTY,
	OFFER_BUFFER,
	OFFER_PRIORITY,
	OFFER_START_WITHIN,
	OFFER_RETRIES,
	OFFER_KEEP,
	OFFER_LABEL,
	OFFER_CHECK,
	OFFER_COLLECT,
	OFFER_OWN
};
#define OFFER_LONG                                                                                                     \
	{ "env", required_argument, NULL, 'E' }, { "limit", required_argument, NULL, 'L' },                            \
		{ "package", required_argument, NULL, 'p' },                                                           \
		{ "framework", required_argument, NULL, OFFER_FRAMEWORK },                                             \
		{ "merge", no_argument, NULL, OFFER_MERGE }, { "tty", no_argument, NULL, OFFER_TTY },                  \
		{ "buffer", required_argument, NULL, OFFER_BUFFER },                                                   \
		{ "priority", required_argument, NULL, OFFER_PRIORITY },                                               \
		{ "start-within", required_argument, NULL, OFFER_START_WITHIN },                                       \
		{ "retries", required_argument, NULL, OFFER_RETRIES },                                                 \
		{ "keep", required_argument, NULL, OFFER_KEEP }, { "label", required_argument, NULL, OFFER_LABEL },    \
		{ "check", no_argument, NULL, OFFER_CHECK },                                                           \
	{                                                                                                              \
		"collect", required_argument, NULL, OFFER_COLLECT                                                      \
	}
#define OFFER_HELP                                                                                                     \
	"  -E, --env NAME=VALUE    sets a variable of its environment\n"                                               \
	"  -L, --limit NAME=VALUE  cpu=2s, wall=10s, memory=64M, ...; compile.NAME for the compiler's\n"               \
	"  -p, --package NAME@VERSION\n"                                                                               \
	"      --framework NAME    a .NET target framework, as net6.0\n"                                               \
	"      --check             only the language's own check of the program: 0 fine, 126 findings\n"               \
	"      --collect GLOB      carries matching files out at the end, for cee-files; repeatable\n"                 \
	"      --merge             one pipe for both outputs: their order is exact\n"                                  \
	"      --tty               gives it a terminal of its own: input and both outputs are that\n"                  \
	"      --buffer full|live\n"                                                                                   \
	"      --priority N        0 first ... 9 last; 5 otherwise\n"                                                  \
	"      --start-within TIME not begun by then it ends as expired\n"                                             \
	"      --retries N         reruns after a failure of ours, 0 to 3; 1 otherwise\n"                              \
	"      --keep TIME         how long the result stays\n"                                                        \
	"      --label NAME=VALUE\n"
/* Takes one of those options from optarg; false when it is none. */
bool offer_option(struct draft *d, int opt);
/* strings_add, or the end of the program. */
void offer_add(struct strings *s, char *text);

/* What the spool publishes of languages; data stays NULL when nothing is. */
void offer_languages(struct client *c, struct buf *languages);

struct offer { /* what a submitter needs to know of its job */
	int priority;
	char group[GROUP_NAME_MAX + 1], key[KEY_MAX_LEN + 1]; /* "" none */
	bool stdin_stream;
};
/* Is text a job that may be submitted? -1 and e. */
int offer_check(struct client *c, const struct buf *languages, const char *text, size_t len, struct offer *o,
		struct cee_err *e);

#endif
