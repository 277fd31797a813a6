/* docker_json.h - the Docker Engine's JSON: containers to create, and the parsing of answers. No I/O. */
#ifndef ENGINE_DOCKER_JSON_H
#define ENGINE_DOCKER_JSON_H

#include "engine/container_spec.h"
#include "engine/engine.h"
#include "engine/engine_info.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

/* How this engine wants a container described. Podman takes the seccomp profile as a path of its host, knows no size in
 * inodes and no owner of a tmpfs, and says unmask=ALL where Docker has MaskedPaths. */
struct docker_dialect {
	const char *host_paths; /* conf/host_paths.h; or NULL */
	bool podman;
};

/* The body of POST /containers/create; malloc'ed, NULL ENOMEM. host_paths: conf/host_paths.h, or NULL. */
char *docker_container_json(const struct container_spec *s, const struct docker_dialect *d);

/* {"NAME":"VALUE",…}, or as a filter {"label":["NAME=VALUE",…]}; malloc'ed, NULL ENOMEM. Labels without a value are
 * left out; in a filter they become NAME alone. */
char *docker_labels_json(const struct engine_label *l, size_t n);
char *docker_filter_json(const struct engine_label *l, size_t n);

/* The message of an error, one line, from {"message":…} or the beginning of the body. */
void docker_message(char *out, size_t size, const char *body, size_t len);
/* One line of a pull's or a build's stream: a text to show, or an error. Both are NULL for other lines. Valid until
 * *o is deleted. */
void docker_progress(const char *line, size_t len, cJSON **o, const char **text, const char **error);

/* false: the answer does not match the API. */
bool docker_parse_info(struct engine_info *i, const char *body, size_t len);

/* The lists of a parsed answer; valid until docker_answer_release. */
struct docker_answer {
	cJSON *json;
	struct engine_image image;
	struct engine_container *containers;
	size_t ncontainers;
	struct engine_label *labels; /* of all of them */
};
bool docker_parse_image(struct docker_answer *a, const char *body, size_t len);
bool docker_parse_list(struct docker_answer *a, const char *body, size_t len);
/* The id in the answer to a create; NULL: none, or not an id. */
const char *docker_parse_id(struct docker_answer *a, const char *body, size_t len);
int docker_parse_exit_code(const char *body, size_t len); /* -1: no exit code */
void docker_answer_release(struct docker_answer *a);
/* The API version in the answer to GET /version, as "1.41"; "" if there is none. */
void docker_parse_version(char *out, size_t size, const char *body, size_t len);
/* Whether that answer is Podman's. */
bool docker_parse_podman(const char *body, size_t len);
#endif
