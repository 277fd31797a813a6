/* cee-lang.c - languages and their images: list, build, pull, check, publish
 *
 * An administrator's tool, the only one besides the runner that speaks to the
 * engine. The other files in src/images/ build images; this one has the options, the
 * order of the steps, and the messages.
 *
 * Rules: a language that cannot be built does not stop the others from being built; after that
 * the exit status says that something is missing. Submitters see only the languages that have an
 * image (SPOOL/languages.json).
 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/limit.h"
#include "cli/prog.h"
#include "conf/conf.h"
#include "images/engine_client.h"
#include "images/gate_image.h"
#include "images/image.h"
#include "images/image_digest.h"
#include "images/image_inspect.h"
#include "images/lang_command.h"
#include "images/language_check.h"
#include "images/language_list.h"
#include "images/layer_command.h"
#include "images/work.h"
#include "job/language.h"
#include "job/language_publish.h"
#include "job/languages.h"
#include "spool/spool.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
	"usage: cee-lang [options] COMMAND\n"
	"Languages and the images that they run in.\n"
	"\n"
	"  list [--json]          the languages and the state of their images\n"
	"  build [-fv] [--with NAMES] [NAME...]  build missing or old images (all, or these), and publish;\n"
	"                the NAME gate is the proxy of jobs with a network and of packages\n"
	"  pull [-v] NAME         pull the image that a language file names, and build from it\n"
	"  check [NAME...]        hello world in a locked-down box\n"
	"  publish                publish the list of languages for submitters\n"
	"  layer NAME PACKAGE@VERSION...  have a runner build the layer of these packages\n"
	"  layer [--json]         list the layers of packages\n"
	"  layer --check          read all layers; damaged ones are removed\n"
	"  prune [--max SIZE]     remove the least recently used layers until the rest is within SIZE\n"
	"\n"
	"  -f, --force         rebuild the images although they are up to date, from a new base\n"
	"  -v, --verbose       all output of the build\n"
	"      --with NAMES    of build: with these packages of the distribution as well, as\n"
	"                      numpy,pandas; an empty list removes them\n"
	"      --check         see layer\n"
	"      --max SIZE      of prune: instead of layers_max\n"
	"      --framework NAME  of layer: what the packages are for (target_framework_monikier)\n"
	"  -s, --spool DIR     the spool (CEE_SPOOL, else cee.conf's)\n"
	"  -c, --conf FILE     the configuration (CEE_CONF, else etc/cee.conf)\n"
	"  -h, --help, --version\n"
	"\n"
	"build without a NAME skips a language whose source this host does not have.\n"
	"Exit status: 0 all is well, 1 a language is missing or fails, 64 usage, 69 the\n"
	"engine does not answer, 78 configuration, 130 interrupted.\n";

static void on_signal(int sig)
{
	(void)sig;
	engine_interrupted = 1;
}

/* Without SA_RESTART, so that a signal interrupts a blocking read. */
static void catch_signals(void)
{
	struct sigaction a = { .sa_handler = on_signal };

	sigaction(SIGINT, &a, NULL);
	sigaction(SIGTERM, &a, NULL);
	sigaction(SIGHUP, &a, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* ---- publish ------------------------------------------------------------------ */

/* The languages that have an image; all languages when the engine cannot be asked. */
static size_t with_image(struct run *r, struct langs *some)
{
	struct image image;

	some->n = 0;
	for (size_t i = 0; i < r->langs.n; i++)
		if (!r->work.engine.open ||
		    (image_look(&r->work.engine, r->langs.l[i].image, &image, NULL) == 0 && image.present)) {
			if (r->work.engine.open)
				lang_from_image(&r->langs.l[i], &image);
			some->l[some->n++] = r->langs.l[i];
		}
	return some->n;
}

static int publish(struct run *r)
{
	struct langs some = { calloc(r->langs.n + 1, sizeof *some.l), 0 };
	AUTO_FREE struct lang *own = some.l; /* the elements are still owned by r->langs */
	AUTO_FREE char *text = NULL;
	struct spool s;
	struct cee_err err;
	int ok;

	if (own)
		with_image(r, &some);
	text = own ? lang_publish(&some) : NULL;
	if (!text)
		prog_die(EX_OSERR, "out of memory");
	if (spool_open(&s, r->conf.spool, SPOOL_CREATE, r->conf.durable, &err) < 0) {
		prog_error("%s", err.msg);
		return EX_CONFIG;
	}
	ok = spool_languages_write(&s, text, strlen(text)) == 0;
	if (!ok)
		prog_error("%s/languages.json: %s", r->conf.spool, strerror(errno));
	spool_release(&s);
	*r->work.stage = '\0';
	if (ok)
		work_say(&r->work, "published in %s: %zu of %zu languages", r->conf.spool, some.n, r->langs.n);
	return ok ? EXIT_SUCCESS : EX_IOERR;
}

static int do_publish(struct run *r)
{
	struct cee_err err;

	if (lang_engine_connect(r, &err) < 0)
		prog_error("%s; publishing every language that has a file", err.msg);
	return publish(r);
}

/* ---- build, pull, check --------------------------------------------------------- */

typedef int (*each_fn)(struct work *w, const struct lang *l, struct cee_err *err);

static int check_one(struct work *w, const struct lang *l, struct cee_err *err)
{
	int64_t from = mono_us();

	if (image_check(w, l, err) < 0)
		return -1;
	work_say(w, "hello, world in %lld ms", (long long)((mono_us() - from) / 1000));
	return 0;
}

/* Network jobs and packages need its image. */
static bool gate_chosen(const struct run *r)
{
	for (size_t i = 0; i < r->nnames; i++)
		if (strcmp(r->names[i], GATE_NAME) == 0)
			return true;
	return r->nnames == 0;
}

static int build_gate(struct run *r)
{
	const struct lang gate = gate_image(&r->conf);
	struct cee_err err;

	snprintf(r->work.stage, sizeof r->work.stage, GATE_NAME);
	if (image_build(&r->work, &gate, &err) >= 0)
		return 0;
	if (!engine_interrupted)
		prog_error(GATE_NAME ": %s", err.msg);
	return 1;
}

/* Calls f for each chosen language and returns the number of failures. A language that was not
 * named and that this host cannot provide is reported, but is not a failure. */
static int each(struct run *r, each_fn f)
{
	struct cee_err err;
	int failed = 0;

	for (size_t i = 0; i < r->langs.n && !engine_interrupted; i++) {
		const struct lang *l = &r->langs.l[i];

		if (!chosen(r, l))
			continue;
		snprintf(r->work.stage, sizeof r->work.stage, "%.60s", l->name);
		r->work.no_source = false;
		if (f(&r->work, f == check_one ? l : source_of(r, l), &err) >= 0)
			continue;
		if (engine_interrupted)
			break;
		prog_error("%s: %s", l->name, err.msg);
		if (r->work.no_source && l->missing && f != check_one)
			prog_error("%s: %s", l->name, l->missing);
		failed += !r->work.no_source || r->nnames > 0;
	}
	if (f == image_build && gate_chosen(r) && !engine_interrupted)
		failed += build_gate(r);
	if (engine_interrupted)
		prog_error("interrupted; finished images are kept, the rest was removed");
	return failed;
}

/* Publishes the languages after images were built or pulled. */
static int do_images(struct run *r, each_fn make)
{
	int failed, status;

	lang_engine_need(r);
	failed = each(r, make);
	if (engine_interrupted)
		return 130;
	status = publish(r);
	return failed ? EXIT_FAILURE : status;
}

static int do_build(struct run *r)
{
	if (r->work.with && r->nnames != 1)
		prog_usage("--with: expected the name of one language, that these packages are for");
	return do_images(r, image_build);
}

static int do_pull(struct run *r)
{
	if (r->nnames != 1)
		prog_usage("pull: expected the name of one language");
	return do_images(r, image_pull);
}

static int do_check(struct run *r)
{
	int failed;

	lang_engine_need(r);
	failed = each(r, check_one);
	return engine_interrupted ? 130 : failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* ---- layers ---------------------------------------------------------------------- */

static int do_layer(struct run *r)
{
	const struct lang *l = r->nnames ? langs_find(&r->langs, r->names[0]) : NULL;

	if (r->check)
		return layers_check_all(&r->conf);
	if (!r->nnames)
		return layers_list(&r->conf, r->json);
	if (!l)
		prog_die(EX_USAGE, "%s: no such language in %s (cee-lang list names them)", r->names[0],
			 r->conf.languages);
	if (!l->layer.grammar)
		prog_die(EX_USAGE, "%s: this language takes no packages", l->name);
	if (r->nnames < 2)
		prog_usage("layer %s: expected packages, each NAME@VERSION", r->names[0]);
	return layers_make(&r->conf, l, r->framework, r->names + 1, r->nnames - 1);
}

static int do_prune(struct run *r)
{
	return layers_prune_now(&r->conf, r->max);
}

/* ---- main -------------------------------------------------------------------------- */

static const struct command {
	const char *name;
	int (*run)(struct run *r);
	bool names;  /* takes arguments */
	bool others; /* the arguments need not be languages */
} commands[] = {
	{ "list", language_list, true, false },	 { "build", do_build, true, false },
	{ "pull", do_pull, true, false },	 { "check", do_check, true, false },
	{ "publish", do_publish, false, false }, { "layer", do_layer, true, true },
	{ "prune", do_prune, false, false },
};

static const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

enum { OPT_JSON = 256, OPT_VERSION, OPT_CHECK, OPT_FRAMEWORK, OPT_MAX, OPT_WITH };

static void take_option(struct run *r, int o)
{
	struct cee_err e;

	switch (o) {
	case 'f':
		r->work.force = true;
		break;
	case 'v':
		r->work.verbose = true;
		break;
	case 'c':
		r->conf_path = optarg;
		break;
	case 's':
		r->spool_path = optarg;
		break;
	case OPT_JSON:
		r->json = true;
		break;
	case OPT_CHECK:
		r->check = true;
		break;
	case OPT_FRAMEWORK:
		r->framework = optarg;
		break;
	case OPT_MAX:
		if (size_parse(optarg, &r->max, &e) < 0)
			prog_usage("--max %s: %s", optarg, e.msg);
		break;
	case OPT_WITH:
		if (image_with(optarg, r->with, &e) < 0)
			prog_usage("%s", e.msg);
		r->work.with = r->with;
		break;
	case 'h':
		prog_help(help);
	case OPT_VERSION:
		prog_version();
	default:
		exit(EX_USAGE);
	}
}

/* Options may stand before and after the command (getopt_long moves them to the
 * front); then the command, then names. */
static const struct command *arguments(struct run *r, int argc, char **argv)
{
	static const struct option options[] = {
		{ "force", no_argument, NULL, 'f' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "conf", required_argument, NULL, 'c' },
		{ "spool", required_argument, NULL, 's' },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, OPT_VERSION },
		{ "check", no_argument, NULL, OPT_CHECK },
		{ "framework", required_argument, NULL, OPT_FRAMEWORK },
		{ "max", required_argument, NULL, OPT_MAX },
		{ "with", required_argument, NULL, OPT_WITH },
		{ 0 },
	};
	const struct command *command;
	int o;

	while ((o = prog_getopt(argc, argv, "fvc:s:h", options)) != -1)
		take_option(r, o);
	command = optind < argc ? command_find(argv[optind]) : NULL;
	if (optind == argc)
		prog_usage("expected a command: list, build, pull, check, publish, layer or prune");
	if (!command)
		prog_usage("%s: no such command; there are list, build, pull, check, publish, layer and prune",
			   argv[optind]);
	r->names = argv + optind + 1;
	r->nnames = (size_t)(argc - optind - 1);
	if (r->nnames && !command->names)
		prog_usage("%s takes no arguments", command->name);
	return command;
}

int main(int argc, char **argv)
{
	struct run r = { .max = -1 };
	const struct command *command;
	struct cee_err err;
	int status;

	prog_init(argv[0]);
	command = arguments(&r, argc, argv);
	if (conf_load(&r.conf, r.conf_path, r.spool_path, &err) < 0)
		prog_die(prog_config_status(), "%s", err.msg);
	if (langs_load(&r.langs, r.conf.languages, &err) < 0)
		prog_die(prog_config_status(), "%s", err.msg);
	r.gate = command->run == do_build || command->run == language_list;
	if (!command->others)
		names_check(&r);
	r.work.conf = &r.conf;
	catch_signals();
	status = command->run(&r);
	work_release(&r.work);
	langs_release(&r.langs);
	conf_release(&r.conf);
	return status;
}
