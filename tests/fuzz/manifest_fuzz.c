/* manifest_fuzz - any text as each kind of manifest: no over-read, and every accepted
 * package is valid by its grammar and accepted once */
#include "base/error.h"
#include "job/job.h"
#include "job/job_files.h"
#include "job/manifest.h"
#include "job/package_names.h"
#include "job/packages.h"
#include "layers/grammar.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(c)                                                                                                        \
	do {                                                                                                           \
		if (!(c))                                                                                              \
			abort();                                                                                       \
	} while (0)

static void one(enum grammar g, const char *name, unsigned char *text, size_t size)
{
	struct job_file f = { (char *)(uintptr_t)name, text, size, 0644 };
	struct job j = { .files = &f, .nfiles = 1 };
	struct cee_err e = { "" };
	int r = job_declare(&j, g, &e);

	MUST((r < 0) == (e.msg[0] != '\0') && j.npackages <= PACKAGES_MAX);
	for (size_t i = 0; i < j.npackages; i++) {
		MUST(package_name_valid(g, j.packages[i].name));
		MUST(package_version_valid(g, j.packages[i].version) || package_range_valid(g, j.packages[i].version));
		for (size_t k = 0; k < i; k++)
			MUST(!package_same(g, j.packages[i].name, j.packages[k].name));
	}
	packages_release(j.packages, j.npackages);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char *text = malloc(size + !size); /* exactly as large, so that one byte more is seen */

	memcpy(text, data, size);
	one(GRAMMAR_NUGET, "Program.cs", text, size);
	one(GRAMMAR_PIP, "main.py", text, size);
	one(GRAMMAR_PIP, "requirements.txt", text, size);
	one(GRAMMAR_NPM, "package.json", text, size);
	free(text);
	return 0;
}
