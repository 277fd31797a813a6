/* layout_fuzz - any bytes as the name of a job, a claim, a request, an input or an attempt: what is
 * accepted is exactly what layout.h writes for it */
#include "base/id.h"
#include "spool/input.h"
#include "spool/layout.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(c)                                                                                                        \
	do {                                                                                                           \
		if (!(c))                                                                                              \
			abort();                                                                                       \
	} while (0)

static void job_names(const char *name)
{
	char id[ID_LEN + 1], again[LAYOUT_NAME_MAX];
	int priority, attempts;

	if (layout_new_parse(name, id, &priority, &attempts)) {
		layout_new_name(again, id, priority, attempts);
		MUST(id_valid(id) && strcmp(again, name) == 0);
	}
	if (layout_claim_parse(name, id, &attempts)) {
		layout_claim_name(again, id, attempts);
		MUST(id_valid(id) && strcmp(again, name) == 0);
	}
}

static void request_names(const char *name)
{
	char id[ID_LEN + 1], again[LAYOUT_INPUT_MAX], removal[LAYOUT_REMOVAL_MAX];
	enum spool_input_kind kind;
	int sig;

	if (layout_removal_parse(name, id)) {
		layout_removal_name(removal, id);
		MUST(id_valid(id) && strcmp(removal, name) == 0);
	}
	if (layout_input_parse(name, id, &kind, &sig))
		MUST(id_valid(id) && layout_input_name(again, id, kind, sig) && strcmp(again, name) == 0);
}

static void attempt_names(const char *name)
{
	char again[2];
	bool aside;
	int n = layout_attempt_parse(name, &aside);

	if (!n)
		return;
	MUST(n >= 1 && n <= LAYOUT_ATTEMPTS);
	layout_attempt_name(again, n);
	MUST(aside ? name[0] == again[0] && name[1] == '.' : strcmp(again, name) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *name = malloc(size + 1);

	memcpy(name, data, size);
	name[size] = '\0';
	job_names(name);
	request_names(name);
	attempt_names(name);
	if (layout_is_bucket(name)) {
		char again[LAYOUT_BUCKET + 1];

		layout_bucket_at(again, layout_bucket_us(name));
		MUST(strcmp(again, name) == 0);
	}
	layout_is_gone(name);
	layout_root_name(name);
	free(name);
	return 0;
}
