/* files_fuzz - an index of collected files of any bytes: what is taken has names that a path may be
 * made of and offsets without a hole, and is written so that it reads back the same */
#include "base/buf.h"
#include "base/error.h"
#include "base/names.h"
#include "spool/collected.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(c)                                                                                                        \
	do {                                                                                                           \
		if (!(c))                                                                                              \
			abort();                                                                                       \
	} while (0)

static void promises(const struct files_list *l)
{
	struct buf one = { 0 }, two = { 0 };
	struct files_list back;
	struct cee_err e;
	int64_t at = 0;

	for (size_t i = 0; i < l->n; i++) {
		MUST(job_name_valid(l->v[i].name) && l->v[i].mode <= 0777 && l->v[i].size >= 0 && l->v[i].offset == at);
		at += l->v[i].size;
		MUST(files_format(&one, &l->v[i]) == 0);
	}
	MUST(files_parse(&back, one.data, one.len, &e) == 0 && back.n == l->n);
	for (size_t i = 0; i < back.n; i++)
		MUST(files_format(&two, &back.v[i]) == 0);
	MUST(one.len == two.len && (!one.len || memcmp(one.data, two.data, one.len) == 0));
	files_release(&back);
	buf_release(&one);
	buf_release(&two);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size); /* of the exact size: an over-read is seen */
	struct cee_err e = { "" };
	struct files_list l;

	memcpy(text, data, size);
	if (files_parse(&l, text, size, &e) < 0)
		MUST(*e.msg);
	else
		promises(&l);
	files_release(&l);
	free(text);
	return 0;
}
