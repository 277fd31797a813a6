/* phrases.h - what a compiler says of a limit that it has met
 *
 * A compiler removes what it has written when the disk is full or a file may not grow, and ends by itself. Then
 * neither the disk nor a signal tells the limit any more: only the compiler's words do, which are those of the system.
 * They count only when the compile has failed. A program that makes its compiler print them misleads its owner alone.
 */
#ifndef CEE_INIT_PHRASES_H
#define CEE_INIT_PHRASES_H

#include <stdbool.h>
#include <stddef.h>

enum phrase { PHRASE_NO_SPACE, PHRASE_FILE_SIZE, PHRASE_FILE_TOO_LARGE, PHRASE_COUNT };
struct phrases {
	size_t at[PHRASE_COUNT]; /* so many characters of each have just been read */
	bool found[PHRASE_COUNT];
};
/* Reads the next piece of the text; pieces may end anywhere. */
void phrases_read(struct phrases *p, const unsigned char *data, size_t n);

#endif
