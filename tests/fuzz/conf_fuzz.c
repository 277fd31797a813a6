/* conf_fuzz - whatever text comes as cee.conf: a reason with its line, or sound values */
#include "base/error.h"
#include "base/limit.h"
#include "conf/conf.h"
#include "conf/conf_keys.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(c)                                                                                                        \
	do {                                                                                                           \
		if (!(c))                                                                                              \
			abort();                                                                                       \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size);
	struct cee_err e = { "" };
	struct conf c;

	memcpy(text, data, size);
	conf_init(&c);
	if (conf_parse(&c, "f", text, size, &e) < 0) {
		MUST(strncmp(e.msg, "f:", 2) == 0);
	} else {
		MUST(c.jobs >= 1 && c.uid_base >= 1000 && c.uid_count >= 1 && c.cpus >= 0 && *c.spool);
		MUST(c.max_job >= 0 && c.max_queued >= 1 && c.run_slack_us >= 0);
		for (int p = 0; p < PHASE_COUNT; p++)
			for (int i = 0; i < LIMIT_COUNT; i++)
				MUST(c.dflt[p].v[i] <= c.max[p].v[i] && c.max[p].v[i] >= 0);
	}
	if (!*e.msg) {
		MUST(conf_complete(&c) == 0 && conf_make_absolute(&c, "/base") == 0 && *c.spool == '/' &&
		     *c.init == '/');
		MUST(!conf_index(&c, "nuget") || conf_index(&c, "nuget") == c.package_index[GRAMMAR_NUGET]);
	}
	conf_release(&c);
	free(text);
	return 0;
}
