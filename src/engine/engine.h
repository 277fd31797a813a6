/* engine.h - a container engine: typed requests, answered through the loop
 *
 * This is the interface between cee and the program that runs its containers. docker.h is used in production; the
 * unit tests have an engine of their own (tests/unit/fake_engine.h). Only the implementation knows the addresses and
 * the JSON of an API.
 *
 *     struct engine_request r = { .op = ENGINE_START, .name = id };
 *     call = engine_ask(en, &r, started, arg);        NULL: out of memory, and started is not called
 *     …
 *     static void started(void *arg, const struct engine_answer *a)    once, from the loop
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "base/loop.h"
#include "engine/attach.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct attach;
struct container_spec;
struct engine_info;

#define ENGINE_OPS(O)                                                                                                  \
	O(INFO, "info")			/* the engine's description of itself */                                       \
	O(CREATE, "create")		/* container; answers its id */                                                \
	O(START, "start")		/* name is a container's id */                                                 \
	O(INSPECT, "inspect")		/* only whether the container exists */                                        \
	O(WAIT, "wait")			/* for the container's end; answers its exit code */                           \
	O(LOG, "log")			/* its output, as the engine multiplexes it: http_parse.h */                   \
	O(READ_FILE, "read file")	/* path in the container, as a tar */                                          \
	O(REMOVE, "remove")		/* the container, running or not */                                            \
	O(LIST, "list")			/* containers with all of labels */                                            \
	O(IMAGE, "image")		/* name is an image's name or id */                                            \
	O(IMAGE_REMOVE, "remove image") /* unless it is in use */                                                      \
	O(PULL, "pull")                                                                                                \
	O(IMPORT, "import") /* an image from a tar of its root */                                                      \
	O(BUILD, "build")   /* an image from a context with a Dockerfile */
enum engine_op {
#define O(id, name) ENGINE_##id,
	ENGINE_OPS(O)
#undef O
		ENGINE_OP_COUNT
};
const char *engine_op_name(enum engine_op op);

struct engine_label {
	const char *name, *value; /* value NULL in a filter: any */
};

/* Data to be sent with a request. read is called from the loop and may block: for programs whose loop may block. */
struct engine_upload {
	const char *type;				      /* Content-Type */
	ssize_t (*read)(void *arg, void *bytes, size_t size); /* 0 at the end; -1 cancels the request */
	void *arg;
};

/* engine_ask reads the struct before it returns; but upload, progress and arg must remain valid until the answer. */
struct engine_request {
	enum engine_op op;
	const char *name;			/* a container's id, or an image's name; see above */
	const char *path;			/* READ_FILE */
	const struct container_spec *container; /* CREATE */
	const struct engine_label *labels;	/* LIST, IMPORT, BUILD */
	size_t nlabels;
	const struct engine_label *arguments; /* BUILD: build arguments; those without a value are left out */
	size_t narguments;
	bool no_cache, host_network;		       /* BUILD */
	const struct engine_upload *upload;	       /* IMPORT, BUILD */
	void (*progress)(void *arg, const char *text); /* PULL, IMPORT, BUILD: what the engine reports; or NULL */
	void *arg;
};

enum engine_result {
	ENGINE_OK,
	ENGINE_MISSING, /* no such container, or no such image */
	ENGINE_BUSY,	/* in conflict with an operation in progress */
	ENGINE_REFUSED, /* the reason is in the engine's message */
	ENGINE_AWAY	/* no answer */
};

struct engine_image {
	const char *id;
	int64_t size;
	bool named; /* the image has a name in some repository */
	const struct engine_label *labels;
	size_t nlabels;
};

struct engine_container {
	const char *id;
	const struct engine_label *labels;
	size_t nlabels;
};

/* All of it is borrowed until the callback returns. */
struct engine_answer {
	enum engine_result result;
	const char *message; /* one line: why the result is not ENGINE_OK; never NULL */
	const char *id;	     /* CREATE: lower-case hexadecimal, fewer than ENGINE_ID_MAX */
	const struct engine_info *info;
	const struct engine_image *image;
	const struct engine_container *containers; /* LIST */
	size_t ncontainers;
	int exit_code;	  /* WAIT */
	const char *data; /* LOG, READ_FILE */
	size_t len;
};
enum { ENGINE_ID_MAX = 80 };

typedef void engine_done(void *arg, const struct engine_answer *a);

struct engine;
/* A pending request. An implementation's own struct begins with this one. */
struct engine_call {
	struct engine *engine;
	enum engine_op op;
	engine_done *done; /* NULL: the answer is no longer needed */
	void *arg;
};

struct engine_ops {
	struct engine_call *(*ask)(struct engine *en, const struct engine_request *r, engine_done *done, void *arg);
	void (*cancel)(struct engine_call *c);
	/* attach.h: begin (-1 and errno), send what is queued, close */
	int (*attach)(struct engine *en, struct attach *a, const char *container);
	void (*attach_flush)(struct attach *a);
	void (*attach_close)(struct attach *a);
};

struct engine {
	const struct engine_ops *ops;
	struct loop *loop;
	bool up, asked;	   /* the engine answers; an answer, or its absence, was seen */
	bool old;	   /* the engine answers, but its API is too old */
	char api[16];	   /* "1.41"; "" before the first answer */
	bool local;	   /* it is on this host: its containers can have sockets of this process */
	bool podman;	   /* it is Podman, whose tmpfs has no bound of inodes */
	char trouble[320]; /* why the engine is not up, one line; "" if it is up */
	int64_t errors;	   /* requests that failed in the engine or got no answer */
	/* Called from the loop whenever the engine becomes available (up is true, api is known) or unavailable, and
	 * once after the first ping, whatever its outcome. */
	void (*changed)(void *arg, bool up);
	void *arg;
};

struct engine_call *engine_ask(struct engine *en, const struct engine_request *r, engine_done *done, void *arg);
/* The request goes on, but done is not called any more. NULL is allowed. */
void engine_forget(struct engine_call *c);
/* Cancels the request; done is not called. NULL is allowed. */
void engine_cancel(struct engine_call *c);

bool engine_up(const struct engine *en);
bool engine_old(const struct engine *en);
bool engine_is_local(const struct engine *en);
const char *engine_trouble(const struct engine *en);
const char *engine_api(const struct engine *en);
int64_t engine_errors(const struct engine *en);

/* "" if there is no such label. */
const char *engine_label(const struct engine_label *labels, size_t n, const char *name);

/* For implementations: sets the engine's state, and calls changed if it differs or is the first. trouble: one line, ""
 * if up. */
void engine_set_up(struct engine *en, bool up, bool old, const char *trouble);
#endif
