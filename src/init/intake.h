/* intake.h - files that arrive as FILE and DATA frames, written beneath a folder */
#ifndef CEE_INIT_INTAKE_H
#define CEE_INIT_INTAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct intake {
	int folder;	   /* everything is made beneath it; -1 not open yet; owned */
	int file;	   /* the one being written, or -1 */
	uint64_t left;	   /* bytes of the current file or link that are still missing */
	struct link *link; /* the symbolic link whose target is arriving, or NULL; owned */
};

void intake_init(struct intake *in);
/* FILE: u32 mode, u64 size, name. The mode may carry S_IFLNK (the data is the link's target) or
 * S_IFDIR: a folder without data, which comes after the files in it, so that its mode cannot keep
 * them out. -1 and text. */
int intake_file(struct intake *in, const unsigned char *p, size_t len, char *text);
/* DATA: the next bytes of the current file. -1 and text. */
int intake_data(struct intake *in, const unsigned char *p, size_t len, char *text);
bool intake_complete(const struct intake *in); /* no file is half written */
void intake_release(struct intake *in);

#endif
