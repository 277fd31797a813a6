/* call.h - one request of an MCP client, and its answer
 *
 * The Model Context Protocol is JSON-RPC 2.0 with its own methods. Two revisions are told apart for each request:
 * in 2026-07-28 the request says its revision in params._meta, results say "resultType", and errors have HTTP
 * statuses; before it none of that is so. No state is kept between two requests in either.
 *
 * A method calls exactly one of call_close and call_error (or answer_problem, which comes to one of them), and
 * before that call_progress as often as there is something to report.
 */
#ifndef CEE_MCP_CALL_H
#define CEE_MCP_CALL_H

#include "base/buf.h"
#include "base/error.h"
#include "base/json_write.h"
#include "http/request.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Errors of JSON-RPC, and of MCP. */
enum {
	RPC_PARSE = -32700,
	RPC_INVALID = -32600,
	RPC_METHOD = -32601,
	RPC_PARAMS = -32602,
	RPC_REFUSED = -32000, /* not admitted: login, quota, place */
	RPC_HEADER = -32020,  /* a header and the body differ */
	RPC_VERSION = -32022
};
#define MCP_MODERN "2026-07-28"
#define MCP_LEGACY "2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"

struct call;
/* The way of messages to the client: each is one JSON-RPC message without a line break. */
struct transport {
	void (*notify)(struct call *c, const struct buf *message);	       /* before the answer */
	void (*answer)(struct call *c, int status, const struct buf *message); /* the last one */
	void (*beat)(struct call *c); /* READER_BEAT_MS without a message: is the client still there? */
};

struct call {
	struct request *rq;
	const struct transport *transport;
	void *state;	     /* the transport's own */
	cJSON *root;	     /* the message, owned */
	const char *method;  /* these point into it */
	const cJSON *params; /* an object or NULL */
	char *id;	     /* as JSON; NULL: a notification, or not known */
	char *progress;	     /* the token as JSON; NULL: no progress is wanted */
	bool modern;
	bool local;    /* over standard input, by a user of this host */
	bool stream;   /* the answer may be a stream of messages */
	bool in_tool;  /* a problem is the result of the tool */
	int64_t moved; /* progress so far; it only grows */
};

/* Parses text as one message. 0, or an error code and e. The caller releases the call in any case. */
int call_parse(struct call *c, const char *text, size_t len, struct cee_err *e);
void call_release(struct call *c);
/* params.name as a text, or NULL. */
const char *call_text(const struct call *c, const char *name);

/* A result: its members are written between the two calls. */
struct json_writer call_open(struct call *c, struct buf *b);
void call_close(struct call *c, struct json_writer *w);
/* An error. status: the HTTP status in revision 2026-07-28 and for requests that are no message of MCP. data: JSON, or
 * NULL. */
void call_error(struct call *c, int status, int code, const char *message, const char *data);
/* Reports that so many bytes of output came; nothing where no progress is wanted. */
void call_progress(struct call *c, const char *text, size_t len);
/* For rq->problem. */
void call_problem(struct request *rq, int status, const char *detail);

#endif
