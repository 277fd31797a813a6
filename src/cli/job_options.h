/* job_options.h - the options of cee-submit and cee-run that are fields of a job
 *
 * Like client.h this is for programs: it prints and exits.
 */
#ifndef CEE_JOB_OPTIONS_H
#define CEE_JOB_OPTIONS_H

#include "base/limit.h"
#include "cli/client.h"
#include "job/compose.h"

#include <stdbool.h>
#include <stddef.h>

/* A program's own options without a letter begin at JOB_OPT_OWN. */
#define JOB_OPTIONS_SHORT "E:L:p:"
enum {
	JOB_OPT_FRAMEWORK = CLIENT_OWN,
	JOB_OPT_MERGE,
	JOB_OPT_TTY,
	JOB_OPT_BUFFER,
	JOB_OPT_PRIORITY,
	JOB_OPT_START_WITHIN,
	JOB_OPT_RETRIES,
	JOB_OPT_KEEP,
	JOB_OPT_NETWORK,
	JOB_OPT_LABEL,
	JOB_OPT_CHECK,
	JOB_OPT_COLLECT,
	JOB_OPT_OWN
};
/* clang-format off */
#define JOB_OPTIONS_LONG                                                                                               \
	{ "env", required_argument, NULL, 'E' },                                                                       \
	{ "limit", required_argument, NULL, 'L' },                                                                     \
	{ "package", required_argument, NULL, 'p' },                                                                   \
	{ "framework", required_argument, NULL, JOB_OPT_FRAMEWORK },                                                   \
	{ "merge", no_argument, NULL, JOB_OPT_MERGE },                                                                 \
	{ "tty", no_argument, NULL, JOB_OPT_TTY },                                                                     \
	{ "buffer", required_argument, NULL, JOB_OPT_BUFFER },                                                         \
	{ "priority", required_argument, NULL, JOB_OPT_PRIORITY },                                                     \
	{ "start-within", required_argument, NULL, JOB_OPT_START_WITHIN },                                             \
	{ "retries", required_argument, NULL, JOB_OPT_RETRIES },                                                       \
	{ "keep", required_argument, NULL, JOB_OPT_KEEP },                                                             \
	{ "network", required_argument, NULL, JOB_OPT_NETWORK },                                                       \
	{ "label", required_argument, NULL, JOB_OPT_LABEL },                                                           \
	{ "check", no_argument, NULL, JOB_OPT_CHECK },                                                                 \
	{ "collect", required_argument, NULL, JOB_OPT_COLLECT }
/* clang-format on */
#define JOB_OPTIONS_HELP                                                                                               \
	"  -E, --env NAME=VALUE    set an environment variable\n"                                                      \
	"  -L, --limit NAME=VALUE  cpu=2s, wall=10s, memory=64M, ...; compile.NAME for the compiler\n"                 \
	"  -p, --package NAME@VERSION\n"                                                                               \
	"      --framework NAME    a .NET target framework, as net6.0\n"                                               \
	"      --check             only check the program with the language's tools: 0 fine, 126 findings\n"           \
	"      --collect GLOB      collect matching files at the end, for cee-files; repeatable\n"                     \
	"      --merge             one pipe for both outputs: their order is exact\n"                                  \
	"      --tty               run it on a terminal of its own: input and both outputs\n"                          \
	"      --buffer full|live\n"                                                                                   \
	"      --priority N        0 first ... 9 last (default 5)\n"                                                   \
	"      --start-within TIME expire the job when it has not begun by then\n"                                     \
	"      --retries N         reruns after a failure of cee, 0 to 3 (default 1)\n"                                \
	"      --keep TIME         how long the result is kept\n"                                                      \
	"      --network NAME      a network of cee.conf, through its proxy\n"                                         \
	"      --label NAME=VALUE\n"
/* Handles one of these options, with its value in optarg; false: opt is another option. */
bool job_options_take(struct compose *d, int opt);
/* strings_add; ends the program when there is no memory. */
void job_options_add(struct strings *s, char *text);

#endif
