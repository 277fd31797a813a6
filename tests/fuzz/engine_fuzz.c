/* engine_fuzz - an engine's answer of any bytes: a text that is taken is printable and within its
 * size, an id is hexadecimal and shorter than ENGINE_ID_MAX, a label has a name and a value. */
#include "engine/docker_json.h"
#include "engine/engine.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(c)                                                                                                        \
	do {                                                                                                           \
		if (!(c))                                                                                              \
			abort();                                                                                       \
	} while (0)

static void printable(const char *s)
{
	for (; *s; s++)
		MUST((unsigned char)*s >= ' ' && *s != 0x7f);
}

static void id(const char *s)
{
	MUST(*s && strlen(s) < ENGINE_ID_MAX && strspn(s, "0123456789abcdef") == strlen(s));
}

static void labels(const struct engine_label *l, size_t n)
{
	for (size_t i = 0; i < n; i++)
		MUST(l[i].name && l[i].value);
}

static void lists(const char *body, size_t len)
{
	struct docker_answer a = { 0 };
	const char *s;

	if (docker_parse_image(&a, body, len)) {
		MUST(a.image.id);
		labels(a.image.labels, a.image.nlabels);
	}
	docker_answer_release(&a);
	a = (struct docker_answer){ 0 };
	if (docker_parse_list(&a, body, len))
		for (size_t i = 0; i < a.ncontainers; i++) {
			id(a.containers[i].id);
			labels(a.containers[i].labels, a.containers[i].nlabels);
		}
	docker_answer_release(&a);
	a = (struct docker_answer){ 0 };
	if ((s = docker_parse_id(&a, body, len)))
		id(s);
	docker_answer_release(&a);
}

static void texts(const char *body, size_t len)
{
	struct engine_info i;
	char message[100], version[8];

	docker_message(message, sizeof message, body, len);
	printable(message);
	docker_parse_version(version, sizeof version, body, len);
	docker_parse_exit_code(body, len);
	if (docker_parse_info(&i, body, len)) {
		printable(i.version);
		printable(i.kernel);
		printable(i.runtimes);
		printable(i.warnings);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *body = malloc(size + 1); /* a NUL behind it, as buf.h has it */
	const char *text, *error;
	cJSON *o;

	memcpy(body, data, size);
	body[size] = '\0';
	lists(body, size);
	texts(body, size);
	docker_progress(body, size, &o, &text, &error);
	MUST(o || (!text && !error));
	cJSON_Delete(o);
	free(body);
	return 0;
}
