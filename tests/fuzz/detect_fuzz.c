/* detect_fuzz - any beginning of a program: its #! line gives bounded words without blanks,
 * and the result is one of the languages, or an error that names -l */
#include "base/error.h"
#include "job/detect.h"
#include "job/published.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(c)                                                                                                        \
	do {                                                                                                           \
		if (!(c))                                                                                              \
			abort();                                                                                       \
	} while (0)

static const char all[] = "{\"languages\":[{\"name\":\"bash\",\"aliases\":[\"sh\"],\"extensions\":[\".sh\"]},"
			  "{\"name\":\"python\",\"aliases\":[\"py\",\"python3\"],\"extensions\":[\".py\"]},"
			  "{\"name\":\"zsh\",\"aliases\":[],\"extensions\":[\".sh\",\".z.sh\"],\"file\":\"m.sh\"}]}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size ? size : 1); /* an over-read is seen */
	struct cee_err e = { 0 };
	struct shebang s = { .n = 0 };
	struct published *languages;
	char *got, *word, *entry, name[16] = "x";

	if (size)
		memcpy(copy, data, size);
	if (shebang_parse(&s, copy, size)) {
		MUST(size >= 2 && s.n <= SHEBANG_WORDS && (s.n > 0) == (s.word[0][0] != '\0'));
		for (size_t i = 0; i < s.n; i++)
			MUST(memchr(s.word[i], '\0', SHEBANG_WORD) && !strpbrk(s.word[i], " \t\r\n"));
		MUST(!strchr(s.word[0], '/'));
	}
	languages = published_new(all, sizeof all - 1);
	MUST(languages);
	name[1] = 0;
	for (size_t i = 0; i < size && i < 12 && *copy == '.' && copy[i] > ' '; i++)
		name[i + 1] = copy[i], name[i + 2] = 0;
	got = detect_language(languages, name, copy, size, &e);
	MUST(got ? published_find(languages, got) != NULL : strstr(e.msg, "-l (bash, python, zsh)") != NULL);
	if (s.n > 0 && (word = detect_named(languages, s.word[0]))) {
		MUST(published_find(languages, word));
		entry = detect_entry(languages, word);
		MUST(entry && *entry);
		free(entry);
		free(word);
	}
	MUST(!detect_language(NULL, name, copy, size, &e) && *e.msg);
	free(got);
	published_free(languages);
	free(copy);
	return 0;
}
