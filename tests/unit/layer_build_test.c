/* layer_build_test.c - src/runner/layers: builds of layers with boxes that only the test moves, and a real store */
#include "runner/layers/layer_builds.h"
#include "base/buf.h"
#include "base/limit.h"
#include "base/loop.h"
#include "engine/docker.h"
#include "job/job.h"
#include "job/language.h"
#include "layers/grammar.h"
#include "layers/store.h"
#include "runner/box/box.h"
#include "runner/box/image_ids.h"
#include "runner/core/config.h"
#include "runner/core/log.h"
#include "runner/layers/build_turns.h"
#include "runner/layers/layer_answer.h"
#include "runner/layers/package_report.h"
#include "runner/layers/pruner.h"
#include "runner/layers/refusals.h"
#include "wire/frame.h"
#include "wire/frame_types.h"
#include "wire/payload.h"
#include "check.h"
#include "steps.h"
#include "fake_boxes.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SECOND = 1000000, WALL = 20 * SECOND };

/* ---- an image that the test names ----------------------------------------------------------- */

static const char *image_id = "sha256:1";
static image_ids_done *image_asked;
static void *image_arg;

const char *image_ids_get(const struct image_ids *ids, const char *image)
{
	(void)ids;
	(void)image;
	return image_id;
}

bool image_ids_ask(struct image_ids *ids, const char *image, image_ids_done *done, void *arg)
{
	(void)ids;
	(void)image;
	image_asked = done;
	image_arg = arg;
	return true;
}

/* ---- a bench ---------------------------------------------------------------------------------- */

struct asked {
	struct layer_waiter *waiter;
	enum layer_answer answer;
	int reported;
	struct layer_reply reply;
	char output[200];
	struct layer_builds *forget_in; /* the callback forgets this one's companion */
	struct asked *companion;
};
struct bench {
	struct loop loop;
	struct engine engine;
	struct boxes boxes;
	struct image_ids images;
	struct config config;
	struct layer_builds builds;
	struct lang lang;
	struct job_package package[4];
	struct job job[4];
	char path[64];
};

static void bench_start(struct bench *t)
{
	struct conf *c = &t->config.conf;

	memset(t, 0, sizeof *t);
	loop_init(&t->loop);
	loop_hold(&t->loop);
	t->engine.up = true;
	t->boxes.loop = &t->loop;
	t->boxes.engine = &t->engine;
	t->boxes.cells = true;
	snprintf(t->path, sizeof t->path, "/tmp/layer_build_test.XXXXXX");
	if (!mkdtemp(t->path))
		abort();
	c->layers = t->path;
	c->layers_max = INT64_MAX;
	c->package_network = c->gate_dns = c->package_proxy = c->package_certificates = (char *)"";
	c->gate_image = (char *)"cee/gate";
	c->package_bytes = 1 << 20;
	c->package_inodes = 100;
	c->package_memory = 64 << 20;
	c->package_wall_us = WALL;
	c->package_boxes = 2;
	t->lang = (struct lang){ .name = (char *)"py", .image = (char *)"cee/py", .file = (char *)"main.py" };
	t->lang.layer.grammar = (char *)"pip";
	t->lang.registry = (char *)"example.org:443";
	for (int i = 0; i < 4; i++) {
		static char *const names[] = { (char *)"one", (char *)"two", (char *)"three", (char *)"four" };

		t->package[i] = (struct job_package){ names[i], (char *)"1.0" };
		t->job[i] = (struct job){ .language = (char *)"py", .packages = &t->package[i], .npackages = 1 };
	}
	image_id = "sha256:1";
	layer_builds_init(&t->builds, &t->boxes, &t->images, &t->config);
}

static void bench_end(struct bench *t)
{
	char command[100];

	layer_builds_release(&t->builds);
	boxes_end(&t->boxes);
	loop_once(&t->loop); /* releases what is doomed */
	loop_release(&t->loop);
	snprintf(command, sizeof command, "rm -rf %s", t->path);
	if (system(command) != 0)
		abort();
}

static void reported(void *arg, enum layer_answer a, struct layer_reply *reply)
{
	struct asked *k = arg;

	k->reported++;
	k->waiter = NULL;
	k->answer = a;
	k->reply = *reply;
	snprintf(k->output, sizeof k->output, "%.*s", (int)reply->noutput, reply->output ? reply->output : "");
	if (k->companion) {
		layer_builds_forget(k->forget_in, k->companion->waiter);
		k->companion->waiter = NULL;
	}
	if (reply->fd >= 0)
		close(reply->fd);
	layer_release(&reply->layer);
}

static enum layer_answer ask(struct bench *t, int job, const char *owner, struct asked *k)
{
	const struct layer_request r = {
		.lang = &t->lang, .job = &t->job[job], .owner = owner, .done = reported, .arg = k
	};
	struct layer_reply reply;
	enum layer_answer a;

	*k = (struct asked){ .reply.fd = -1 };
	pruner_end(&t->builds.pruner); /* while it sweeps, a build may wait as if another runner had its lock */
	a = layer_builds_ask(&t->builds, &r, &reply, &k->waiter);
	if (a == LAYER_PENDING) {
		loop_advance(&t->loop, 10);
		return a;
	}
	k->answer = a;
	k->reply = reply;
	snprintf(k->output, sizeof k->output, "%.*s", (int)reply.noutput, reply.output ? reply.output : "");
	if (reply.fd >= 0)
		close(reply.fd);
	layer_release(&reply.layer);
	return a;
}

static struct layer_build *first(struct bench *t)
{
	return t->builds.first;
}

static void end_phase(struct box *b, enum frame_phase phase, enum frame_how how, uint64_t status, uint64_t hit)
{
	const struct frame_end end = { .phase = phase, .how = how, .status = status, .exceeded = hit };
	struct payload p;

	frame_pack_end(&p, &end);
	box_says(b, FRAME_END, STREAM_NONE, p.data, p.len);
}

static void done(struct box *b)
{
	struct payload p;

	frame_pack_number(&p, 0);
	box_says(b, FRAME_DONE, STREAM_NONE, p.data, p.len);
}

static const char lock[] = "[{\"name\":\"one\",\"version\":\"1.0\",\"hash\":\"sha256:ab\"}]";

/* The box that fetches: all goes well. */
static void fetch(struct box *b)
{
	box_comes_up(b);
	box_says(b, FRAME_OUT, STREAM_ERR, lock, strlen(lock));
	end_phase(b, PHASE_COMPILE, END_EXITED, 0, 0);
	box_says(b, FRAME_OUT, STREAM_OUT, "the ", 4);
	box_says(b, FRAME_OUT, STREAM_OUT, "tree", 4);
	end_phase(b, PHASE_RUN, END_EXITED, 0, 0);
	done(b);
}

static void credit(struct box *b, uint32_t n)
{
	struct payload p;

	frame_pack_number(&p, n);
	box_says(b, FRAME_CREDIT, STREAM_NONE, p.data, p.len);
}

static void unpack(struct box *b)
{
	box_comes_up(b);
	credit(b, 3);
	credit(b, 100);
	end_phase(b, PHASE_RUN, END_EXITED, 0, 0);
	done(b);
}

/* ---- the way of one build ----------------------------------------------------------------------- */

static void built(void)
{
	struct bench t;
	struct asked k;
	struct box *b;

	bench_start(&t);
	CHECK(ask(&t, 0, "ann", &k) == LAYER_PENDING && first(&t)->state == LAYER_BUILD_FETCHING);
	b = last_box(&t.boxes);
	CHECK(b && b->spec.tools && b->spec.disk == 1 << 20);
	fetch(b);
	CHECK(box_sent(b, FRAME_JOB, NULL) == 1 && box_sent(b, FRAME_PHASE, NULL) == 2 &&
	      box_sent(b, FRAME_GO, NULL) == 1);
	CHECK(b->state == BOX_REMOVING && first(&t)->state == LAYER_BUILD_UNPACKING);
	b = last_box(&t.boxes);
	unpack(b);
	CHECK(box_sent(b, FRAME_STDIN, NULL) == 2 && box_sent(b, FRAME_STDIN_END, NULL) == 1);
	CHECK(k.reported == 1 && k.answer == LAYER_READY && k.reply.layer.npackages == 1);
	CHECK(!first(&t) && live_boxes(&t.boxes) == 0);
	CHECK(ask(&t, 0, "bob", &k) == LAYER_READY);
	bench_end(&t);
}

static void two_wait(void)
{
	struct bench t;
	struct asked k, other;

	bench_start(&t);
	ask(&t, 0, "ann", &k);
	CHECK(ask(&t, 0, "bob", &other) == LAYER_PENDING && first(&t) && !first(&t)->next);
	CHECK(strcmp(first(&t)->owner, "ann") == 0);
	layer_builds_forget(&t.builds, k.waiter);
	CHECK(first(&t) && strcmp(first(&t)->owner, "bob") == 0);
	fetch(last_box(&t.boxes));
	unpack(last_box(&t.boxes));
	CHECK(k.reported == 0 && other.reported == 1 && other.answer == LAYER_READY);
	layer_builds_forget(&t.builds, NULL);
	bench_end(&t);
}

static void not_wanted(void)
{
	struct bench t;
	struct asked k;
	struct box *b;

	bench_start(&t);
	ask(&t, 0, "ann", &k);
	b = last_box(&t.boxes);
	layer_builds_forget(&t.builds, k.waiter);
	CHECK(!first(&t) && b->state == BOX_REMOVING && k.reported == 0);
	ask(&t, 0, "ann", &k); /* nothing stands in its way */
	CHECK(first(&t) && first(&t)->state == LAYER_BUILD_FETCHING);
	bench_end(&t);
}

/* Nobody waits any more, in each state of a build: it is given up, and nothing of it stays. */
static void not_wanted_in_each_state(void)
{
	struct layers theirs = LAYERS_NONE;
	struct bench t;
	struct asked k, other;
	char name[LAYER_NAME + 1];
	int fd;

	bench_start(&t);
	t.config.conf.package_boxes = 1;
	ask(&t, 0, "ann", &k);
	ask(&t, 1, "ann", &other);
	CHECK(first(&t)->next->state == LAYER_BUILD_WAITING);
	layer_builds_forget(&t.builds, other.waiter);
	CHECK(first(&t) && !first(&t)->next && other.reported == 0);
	snprintf(name, sizeof name, "%s", first(&t)->name);
	fetch(last_box(&t.boxes));
	CHECK(first(&t)->state == LAYER_BUILD_UNPACKING);
	layer_builds_forget(&t.builds, k.waiter);
	CHECK(!first(&t) && live_boxes(&t.boxes) == 0 && k.reported == 0);

	CHECK(layers_open(&theirs, t.path, false, NULL) == 0);
	fd = layer_make_begin(&theirs, name);
	CHECK(fd >= 0); /* its lock was given up */
	ask(&t, 0, "ann", &k);
	CHECK(first(&t)->state == LAYER_BUILD_ELSEWHERE);
	layer_builds_forget(&t.builds, k.waiter);
	CHECK(!first(&t) && k.reported == 0);
	layer_make_end(&theirs, name, fd);
	layers_close(&theirs);
	bench_end(&t);
}

/* ---- whose fault it is ------------------------------------------------------------------------------ */

/* What a client writes is shown, with nothing that a terminal acts on, and after a NUL too. */
static void one_line(void)
{
	struct package_report r = { .ended = { true } };
	char message[100];

	r.end[PHASE_COMPILE] = (struct frame_end){ .how = END_EXITED, .status = 1 };
	CHECK(buf_add(&r.output, "\0a\033[2J\n\xff b", 10) == 0);
	CHECK(package_fetch_answer(&r, message, sizeof message) == LAYER_REFUSED &&
	      strcmp(message, "?a?[2J; ? b") == 0);
	package_report_release(&r);
}

static void refused(void)
{
	struct bench t;
	struct asked k;
	struct box *b;

	bench_start(&t);
	ask(&t, 0, "ann", &k);
	b = last_box(&t.boxes);
	box_comes_up(b);
	box_says(b, FRAME_OUT, STREAM_COMPILE, "no such\npackage\n", 16);
	end_phase(b, PHASE_COMPILE, END_EXITED, 1, 0);
	done(b);
	CHECK(k.answer == LAYER_REFUSED && strcmp(k.reply.message, "packages: no such; package") == 0);
	CHECK(strcmp(k.output, "no such\npackage\n") == 0);
	CHECK(ask(&t, 0, "bob", &k) == LAYER_REFUSED && strcmp(k.output, "no such\npackage\n") == 0);
	one_line();
	loop_advance(&t.loop, 200LL * SECOND); /* then it is asked again */
	CHECK(ask(&t, 0, "bob", &k) == LAYER_PENDING);
	bench_end(&t);
}

static void failed_by(int how, enum layer_answer answer, const char *message)
{
	struct bench t;
	struct asked k;
	struct box *b;
	static unsigned char much[60000];

	bench_start(&t);
	ask(&t, 0, "ann", &k);
	b = last_box(&t.boxes);
	if (how == 0)
		box_dies(b, BOX_NO_IMAGE, "404");
	else
		box_comes_up(b);
	switch (how) {
	case 1:
		box_dies(b, BOX_DIED, "killed");
		break;
	case 2:
		end_phase(b, PHASE_COMPILE, END_WALL_LIMIT, 9, 0);
		done(b);
		break;
	case 3:
		end_phase(b, PHASE_COMPILE, END_EXITED, 0, 1u << LIMIT_DISK);
		done(b);
		break;
	case 4:
		end_phase(b, PHASE_COMPILE, END_MEMORY_LIMIT, 9, 0);
		done(b);
		break;
	case 5:
		end_phase(b, PHASE_COMPILE, END_EXITED, 0, 0);
		end_phase(b, PHASE_RUN, END_OUTPUT_LIMIT, 9, 0);
		done(b);
		break;
	case 6: /* a gap in the tree */
		end_phase(b, PHASE_COMPILE, END_EXITED, 0, 0);
		box_says(b, FRAME_GAP, STREAM_OUT, "\1\0\0\0\0\0\0\0", 8);
		end_phase(b, PHASE_RUN, END_EXITED, 0, 0);
		done(b);
		break;
	case 7: /* no END */
		box_says(b, FRAME_TROUBLE, STREAM_NONE, "no room", 7);
		done(b);
		break;
	case 8:
		box_says(b, FRAME_NEXT, STREAM_NONE, NULL, 0);
		break;
	case 9: /* no lock file */
		end_phase(b, PHASE_COMPILE, END_EXITED, 0, 0);
		end_phase(b, PHASE_RUN, END_EXITED, 0, 0);
		done(b);
		unpack(last_box(&t.boxes));
		break;
	case 10: /* a lock file that is too large */
		memset(much, ' ', sizeof much);
		for (int i = 0; i < 10; i++)
			box_says(b, FRAME_OUT, STREAM_ERR, much, sizeof much);
		fetch(b);
		break;
	case 11:
		loop_advance(&t.loop, WALL + 160LL * SECOND);
		break;
	case 12:
		end_phase(b, PHASE_COMPILE, END_OUTPUT_LIMIT, 9, 0);
		done(b);
		break;
	case 13: /* a malformed END is none */
		box_says(b, FRAME_END, STREAM_NONE, "\0", 1);
		done(b);
		break;
	}
	CHECK(k.reported == 1 && k.answer == answer && strstr(k.reply.message, message));
	if (!strstr(k.reply.message, message))
		printf("# %d: %s\n", how, k.reply.message);
	CHECK(!first(&t) && live_boxes(&t.boxes) == 0);
	CHECK(ask(&t, 0, "ann", &k) == (answer == LAYER_REFUSED ? LAYER_REFUSED : LAYER_PENDING));
	bench_end(&t);
}

static void fetch_fails(void)
{
	failed_by(0, LAYER_FAILED, "run cee-lang build py");
	failed_by(1, LAYER_FAILED, "killed");
	failed_by(2, LAYER_FAILED, "the registry did not answer in time");
	failed_by(3, LAYER_REFUSED, "more than a layer may hold");
	failed_by(4, LAYER_REFUSED, "packages.memory");
	failed_by(5, LAYER_REFUSED, "more than a layer may hold");
	failed_by(6, LAYER_FAILED, "the package client failed without a message");
	failed_by(7, LAYER_FAILED, "no room");
	failed_by(8, LAYER_FAILED, "unexpected frame type");
	failed_by(9, LAYER_FAILED, "");
	failed_by(10, LAYER_FAILED, "the package client failed");
	failed_by(11, LAYER_FAILED, "did not end in time");
	failed_by(12, LAYER_REFUSED, "the package client's output exceeds its limit");
	failed_by(13, LAYER_FAILED, "the package client failed");
}

static void no_cell(void)
{
	struct bench t;
	struct asked k;

	bench_start(&t);
	ask(&t, 0, "ann", &k);
	last_box(&t.boxes)->cells = false;
	box_comes_up(last_box(&t.boxes));
	CHECK(k.answer == LAYER_FAILED && strstr(k.reply.message, "could not build a cell"));
	bench_end(&t);
}

static void unpack_fails(void)
{
	struct bench t;
	struct asked k;
	struct box *b;

	for (int how = 0; how < 5; how++) {
		bench_start(&t);
		ask(&t, 0, "ann", &k);
		fetch(last_box(&t.boxes));
		b = last_box(&t.boxes);
		box_comes_up(b);
		if (how == 0) { /* a rule of trees is broken */
			credit(b, 100);
			box_says(b, FRAME_OUT, STREAM_ERR, "a device\n", 9);
			end_phase(b, PHASE_RUN, END_EXITED, 65, 0);
		} else if (how == 1) { /* not all of it was taken */
			credit(b, 3);
			end_phase(b, PHASE_RUN, END_EXITED, 0, 0);
		} else if (how == 2) { /* the stream on the disk is another one */
			CHECK(pwrite(first(&t)->fd, "THE ", 4, 0) == 4);
			credit(b, 100);
			end_phase(b, PHASE_RUN, END_EXITED, 0, 0);
		} else if (how == 3) { /* ... or shorter */
			CHECK(ftruncate(first(&t)->fd, 2) == 0);
			credit(b, 100);
		} else {
			credit(b, 100);
			loop_advance(&t.loop, 151LL * SECOND);
		}
		done(b);
		CHECK(k.reported == 1 && k.answer == (how ? LAYER_FAILED : LAYER_REFUSED));
		CHECK(how != 0 || strcmp(k.reply.message, "packages: a device") == 0);
		CHECK(how != 1 || strstr(k.reply.message, "are not those that were fetched"));
		CHECK(how != 2 || strstr(k.reply.message, "are not those that were fetched"));
		CHECK(how != 3 || strstr(k.reply.message, "shorter than it was"));
		CHECK(how != 4 || strstr(k.reply.message, "could not be unpacked in time"));
		CHECK(!first(&t) && live_boxes(&t.boxes) == 0);
		bench_end(&t);
	}
}

static void no_memory(void)
{
	struct bench t;
	struct asked k;

	bench_start(&t);
	no_boxes = true;
	ask(&t, 0, "ann", &k);
	no_boxes = false;
	CHECK(k.reported == 1 && k.answer == LAYER_FAILED && strstr(k.reply.message, "out of memory"));
	bench_end(&t);
}

static void engine_goes(void)
{
	struct bench t;
	struct asked k, other;

	bench_start(&t);
	ask(&t, 0, "ann", &k);
	t.engine.up = false;
	CHECK(ask(&t, 1, "ann", &other) == LAYER_PENDING && first(&t)->next->state == LAYER_BUILD_WAITING);
	layer_builds_drain(&t.builds);
	CHECK(k.answer == LAYER_FAILED && other.answer == LAYER_FAILED && !first(&t));
	bench_end(&t);
}

static void a_callback_forgets(void)
{
	struct bench t;
	struct asked k, other;

	bench_start(&t);
	ask(&t, 0, "ann", &k);
	ask(&t, 1, "ann", &other);
	k.companion = &other; /* the end of one job is that of another */
	k.forget_in = &t.builds;
	layer_build_fail(first(&t), "over");
	CHECK(k.reported == 1 && other.reported == 0 && !first(&t));
	bench_end(&t);
}

/* ---- images, other runners, configuration --------------------------------------------------------------- */

/* Whether a frame of that type with that text was sent. */
static bool was_sent(const struct box *b, const char *text)
{
	return memmem(b->attach.out.data, b->attach.out.len, text, strlen(text)) != NULL;
}

static void environment(void)
{
	struct bench t;
	struct asked k;
	struct box *b;
	static char *env[] = { (char *)"HOME=/root", (char *)"LANG=C" }, *fetch_argv[] = { (char *)"/fetch" };

	bench_start(&t);
	t.lang.env = env;
	t.lang.nenv = 2;
	t.lang.layer.fetch = fetch_argv;
	t.lang.layer.nfetch = 1;
	t.config.conf.package_proxy = (char *)"http://proxy:3128";
	t.config.conf.package_certificates = (char *)"/etc/passwd";
	ask(&t, 0, "ann", &k);
	b = last_box(&t.boxes);
	box_comes_up(b);
	CHECK(was_sent(b, "HOME=/tmp") && !was_sent(b, "HOME=/root") && was_sent(b, "LANG=C"));
	CHECK(was_sent(b, "https_proxy=http://127.0.0.1:3128"));
	CHECK(was_sent(b, "SSL_CERT_FILE=/.cee/authorities.pem") && was_sent(b, "/fetch"));
	CHECK(was_sent(b, "\"name\":\"one\",\"version\":\"1.0\""));
	CHECK(was_sent(b, "\"index\":\"\""));
	layer_builds_forget(&t.builds, k.waiter);
	t.config.conf.package_index[GRAMMAR_PIP] = (char *)"/srv/index"; /* a folder of the host */
	ask(&t, 0, "ann", &k);
	box_comes_up(last_box(&t.boxes));
	CHECK(was_sent(last_box(&t.boxes), "\"index\":\"/.cee/index\""));
	bench_end(&t);
}

static void damaged(void)
{
	struct bench t;
	struct asked k;
	char name[LAYER_NAME + 1], path[200];

	bench_start(&t);
	ask(&t, 0, "ann", &k);
	snprintf(name, sizeof name, "%s", first(&t)->name);
	fetch(last_box(&t.boxes));
	unpack(last_box(&t.boxes));
	CHECK(k.answer == LAYER_READY);
	snprintf(path, sizeof path, "%s/whole/%s", t.path, name);
	CHECK(rmdir(path) == 0);
	CHECK(ask(&t, 0, "ann", &k) == LAYER_PENDING && first(&t)); /* it is built anew */
	loop_advance(&t.loop, 700LL * SECOND);			    /* past a turn of the pruner */
	bench_end(&t);
}

static void disk_fails(void)
{
	struct bench t;
	struct asked k;
	struct box *b;

	bench_start(&t);
	ask(&t, 0, "ann", &k);
	b = last_box(&t.boxes);
	box_comes_up(b);
	close(first(&t)->fd);
	CHECK((first(&t)->fd = open("/dev/full", O_WRONLY)) >= 0);
	box_says(b, FRAME_OUT, STREAM_OUT, "tree", 4);
	CHECK(k.answer == LAYER_FAILED && strstr(k.reply.message, "No space"));
	CHECK(!first(&t) && b->state == BOX_REMOVING);
	bench_end(&t);
}

static void image_unknown(void)
{
	struct bench t;
	struct asked k, other;

	bench_start(&t);
	image_id = NULL;
	CHECK(ask(&t, 0, "ann", &k) == LAYER_PENDING && !first(&t));
	ask(&t, 1, "ann", &other);
	layer_builds_forget(&t.builds, other.waiter);
	image_asked(image_arg, "cee/py", "sha256:2", false);
	CHECK(first(&t) && !first(&t)->next && first(&t)->state == LAYER_BUILD_FETCHING);
	ask(&t, 1, "ann", &other);
	image_asked(image_arg, "cee/other", "sha256:3", false);
	CHECK(other.reported == 0);
	image_asked(image_arg, "cee/py", NULL, true);
	CHECK(other.answer == LAYER_FAILED && strstr(other.reply.message, "run cee-lang build py"));
	ask(&t, 1, "ann", &other);
	image_asked(image_arg, "cee/py", NULL, false);
	CHECK(other.answer == LAYER_FAILED && strstr(other.reply.message, "engine"));
	ask(&t, 1, "ann", &other);
	layer_builds_forget(&t.builds, other.waiter);
	ask(&t, 2, "ann", &other); /* released with the rest */
	bench_end(&t);
}

static void made_elsewhere(void)
{
	struct bench t;
	struct layers theirs = LAYERS_NONE;
	struct asked k, other;
	char name[LAYER_NAME + 1];
	int fd;

	bench_start(&t);
	CHECK(layers_open(&theirs, t.path, false, NULL) == 0);
	t.config.conf.package_boxes = 1;
	ask(&t, 0, "ann", &k);
	snprintf(name, sizeof name, "%s", first(&t)->name);
	layer_builds_forget(&t.builds, k.waiter);
	fd = layer_make_begin(&theirs, name);
	CHECK(fd >= 0);
	ask(&t, 0, "ann", &k);
	CHECK(first(&t)->state == LAYER_BUILD_ELSEWHERE && live_boxes(&t.boxes) == 0);
	ask(&t, 1, "ann", &other); /* another one has the place meanwhile */
	CHECK(first(&t)->next->state == LAYER_BUILD_FETCHING);
	loop_advance(&t.loop, SECOND);
	CHECK(first(&t)->state == LAYER_BUILD_ELSEWHERE);
	layer_make_end(&theirs, name, fd); /* it gives up */
	loop_advance(&t.loop, SECOND);
	CHECK(first(&t)->state == LAYER_BUILD_WAITING);
	layer_builds_forget(&t.builds, other.waiter);
	CHECK(first(&t)->state == LAYER_BUILD_FETCHING);
	layer_builds_forget(&t.builds, k.waiter);
	fd = layer_make_begin(&theirs, name);
	ask(&t, 0, "ann", &k);
	loop_advance(&t.loop, WALL + 121LL * SECOND);
	CHECK(k.answer == LAYER_FAILED && strstr(k.reply.message, "for too long"));
	ask(&t, 0, "ann", &k);
	CHECK(first(&t)->state == LAYER_BUILD_ELSEWHERE);
	{ /* the other runner has made it */
		char path[200], e[200];
		struct cee_err err = { "" };
		struct layer y = { .language = strdup("py"), .image = strdup("sha256:1"), .framework = strdup("") };

		CHECK(layer_make_unpack(&theirs, name, path, sizeof path) == 0);
		CHECK(layer_make_whole(&theirs, name, &y, "", 0, &err) == 0);
		snprintf(e, sizeof e, "%s", err.msg);
		layer_release(&y);
		layer_make_end(&theirs, name, fd);
	}
	loop_advance(&t.loop, SECOND);
	CHECK(k.reported == 1 && k.answer == LAYER_READY);
	layers_close(&theirs);
	bench_end(&t);
}

static void not_here(void)
{
	struct bench t;
	struct asked k;

	bench_start(&t);
	t.lang.layer.grammar = NULL;
	CHECK(ask(&t, 0, "ann", &k) == LAYER_REFUSED);
	t.lang.layer.grammar = (char *)"pip";
	t.config.conf.offline = true;
	CHECK(ask(&t, 0, "ann", &k) == LAYER_REFUSED && strstr(k.reply.message, "offline"));
	t.config.conf.offline = false;
	t.config.conf.layers = (char *)"/proc/no/such";
	layer_builds_reconfigure(&t.builds, &t.config);
	CHECK(ask(&t, 0, "ann", &k) == LAYER_FAILED && k.reply.message[0]);
	t.config.conf.layers = t.path;
	layer_builds_reconfigure(&t.builds, &t.config);
	CHECK(ask(&t, 0, "ann", &k) == LAYER_PENDING);
	bench_end(&t);
}

static void two_of_them(void)
{
	struct bench a, b;
	struct asked k, other;

	bench_start(&a);
	bench_start(&b);
	ask(&a, 0, "ann", &k);
	ask(&b, 0, "ann", &other);
	fetch(last_box(&a.boxes));
	unpack(last_box(&a.boxes));
	CHECK(k.answer == LAYER_READY && other.reported == 0 && first(&b));
	bench_end(&a);
	CHECK(first(&b)->state == LAYER_BUILD_FETCHING);
	bench_end(&b);
}

/* ---- whose turn it is ------------------------------------------------------------------------------------ */

static struct layer_build turns_build(const char *owner, uint64_t turn, enum layer_build_state s,
				      struct layer_build *next)
{
	struct layer_build b = { .state = s, .turn = turn, .next = next };

	snprintf(b.owner, sizeof b.owner, "%s", owner);
	return b;
}

static void owners_take_turns(void)
{
	struct bench t;
	struct asked k[4];

	bench_start(&t);
	t.config.conf.package_boxes = 1;
	ask(&t, 0, "ann", &k[0]);
	ask(&t, 1, "ann", &k[1]);
	ask(&t, 2, "ann", &k[2]);
	ask(&t, 3, "bob", &k[3]);
	CHECK(first(&t)->state == LAYER_BUILD_FETCHING && first(&t)->next->state == LAYER_BUILD_WAITING);
	layer_builds_forget(&t.builds, k[0].waiter);
	CHECK(first(&t)->state == LAYER_BUILD_FETCHING); /* ann's second waited longer than bob's first */
	layer_builds_forget(&t.builds, k[1].waiter);
	CHECK(first(&t)->state == LAYER_BUILD_WAITING); /* her third does not: she had her turn */
	CHECK(first(&t)->next->state == LAYER_BUILD_FETCHING);
	layer_builds_forget(&t.builds, k[3].waiter);
	CHECK(first(&t)->state == LAYER_BUILD_FETCHING);
	bench_end(&t);
}

static void newcomers_pass_nobody(void)
{
	struct layer_build c = turns_build("cid", 30, LAYER_BUILD_WAITING, NULL);
	struct layer_build b = turns_build("bob", 20, LAYER_BUILD_WAITING, &c);
	struct layer_build a = turns_build("ann", 25, LAYER_BUILD_WAITING, &b); /* had its turn at 25 */

	CHECK(build_turns_next(&a, 1) == &b);
	b.state = LAYER_BUILD_FETCHING;
	build_turns_begun(&a, &b, 31);
	CHECK(build_turns_next(&a, 1) == NULL);
	CHECK(build_turns_next(&a, 2) == &a); /* before cid, who came later */
}

static void one_place_is_others(void)
{
	struct layer_build c = turns_build("ann", 3, LAYER_BUILD_WAITING, NULL);
	struct layer_build b = turns_build("ann", 2, LAYER_BUILD_UNPACKING, &c);
	struct layer_build other = turns_build("bob", 9, LAYER_BUILD_ELSEWHERE, NULL);

	CHECK(build_turns_next(&b, 2) == &c); /* nobody else is there */
	c.next = &other;
	CHECK(build_turns_next(&b, 2) == NULL);
	CHECK(build_turns_next(&b, 3) == &c);
	other.state = LAYER_BUILD_WAITING;
	CHECK(build_turns_next(&b, 2) == &other);
}

/* ---- refusals ------------------------------------------------------------------------------------------- */

static void refusals_are_bounded(void)
{
	struct refusals rs = { 0 };
	struct buf none = { 0 };
	char name[LAYER_NAME + 1];

	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof name, "%040d", i);
		CHECK(refusals_add(&rs, name, "no", &none, 1000 + i));
	}
	CHECK(rs.n == 256);
	snprintf(name, sizeof name, "%040d", 0);
	CHECK(!refusals_find(&rs, name, 2000)); /* the oldest went */
	snprintf(name, sizeof name, "%040d", 299);
	CHECK(refusals_find(&rs, name, 2000));
	refusals_add(&rs, name, "still no", &none, 3000);
	CHECK(rs.n == 256 && strcmp(refusals_find(&rs, name, 3000)->message, "still no") == 0);
	CHECK(!refusals_find(&rs, name, 3000 + 180LL * SECOND));
	refusals_release(&rs);
}

int main(void)
{
	log_off();
	RUN(built);
	RUN(two_wait);
	RUN(not_wanted);
	RUN(not_wanted_in_each_state);
	RUN(refused);
	RUN(fetch_fails);
	RUN(no_cell);
	RUN(unpack_fails);
	RUN(no_memory);
	RUN(engine_goes);
	RUN(a_callback_forgets);
	RUN(environment);
	RUN(damaged);
	RUN(disk_fails);
	RUN(image_unknown);
	RUN(made_elsewhere);
	RUN(not_here);
	RUN(two_of_them);
	RUN(owners_take_turns);
	RUN(newcomers_pass_nobody);
	RUN(one_place_is_others);
	RUN(refusals_are_bounded);
	return check_steps("layer build",
			   1u << LAYER_BUILD_WHOLE | 1u << LAYER_BUILD_FAILED | 1u << LAYER_BUILD_ABANDONED) ||
	       check_status();
}
