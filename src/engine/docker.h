/* docker.h - the Docker Engine (API 1.41 and later) as an engine */
#ifndef ENGINE_DOCKER_H
#define ENGINE_DOCKER_H

#include "base/error.h"
#include "base/loop.h"
#include "engine/engine.h"

#include <stdbool.h>

struct docker {
	struct engine engine;		    /* first */
	char *socket_path, *address, *port; /* unix or tcp */
	char *host_paths;		    /* conf/host_paths.h, or NULL */
	struct docker_http *http;
	struct docker_call *calls; /* under way */
	struct timer ping_timer;
	bool pinging;
};

/* host: "unix:///path" or "tcp://address:port". changed is engine.h's. -1 and *e. */
int docker_init(struct docker *d, struct loop *l, const char *host, void (*changed)(void *arg, bool up), void *arg,
		struct cee_err *e);
/* From now on sources of mounts are translated (conf/host_paths.h). -1 ENOMEM */
int docker_host_paths(struct docker *d, const char *map);
/* Cancels the pending requests without calling their done. Whoever may still have one is released before. */
void docker_release(struct docker *d);
#endif
