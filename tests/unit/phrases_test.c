/* phrases_test - a compiler's words of a limit, in pieces of every length, and words that only resemble them */
#include "init/phrases.h"
#include "check.h"

#include <string.h>

static bool says(const char *text, enum phrase which)
{
	size_t len = strlen(text);
	bool first = false;

	for (size_t piece = 1; piece <= len; piece++) {
		struct phrases p = { .found = { false } };
		bool other = false;

		for (size_t at = 0; at < len; at += piece)
			phrases_read(&p, (const unsigned char *)text + at, len - at < piece ? len - at : piece);
		for (int k = 0; k < PHRASE_COUNT; k++)
			other |= p.found[k] && k != (int)which;
		if (piece == 1)
			first = p.found[which];
		CHECK(p.found[which] == first && !other);
	}
	return first;
}

static void words(void)
{
	CHECK(says("as: can't fill .o: 'No space left on device'\n", PHRASE_NO_SPACE));
	CHECK(says("No space lefNo space left on device", PHRASE_NO_SPACE));
	CHECK(says("gcc: File size limit exceeded signal terminated program cc1", PHRASE_FILE_SIZE));
	CHECK(says("ld: FileFile too large", PHRASE_FILE_TOO_LARGE));
	CHECK(!says("No space left on devic", PHRASE_NO_SPACE) && !says("no space left on device", PHRASE_NO_SPACE));
	CHECK(!says("File size limit", PHRASE_FILE_SIZE) && !says("main.c:1: error", PHRASE_NO_SPACE));
}

int main(void)
{
	RUN(words);
	return check_status();
}
