/* group_key_fuzz - any bytes as a group's file and as a key's entry: reading the first gives valid ids only,
 * each once; the second is accepted only if it is exactly the text written for its name */
#include "base/fd.h"
#include "base/id.h"
#include "spool/group.h"
#include "spool/ids.h"
#include "spool/key.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(c)                                                                                                        \
	do {                                                                                                           \
		if (!(c))                                                                                              \
			abort();                                                                                       \
	} while (0)

static void fuzz_group(const uint8_t *data, size_t size)
{
	struct ids l = { 0 };
	int fd = memfd_create("group", MFD_CLOEXEC);

	MUST(fd >= 0 && write_full(fd, data, size) == 0 && lseek(fd, 0, SEEK_SET) == 0);
	MUST(group_read(fd, &l) == 0);
	for (size_t i = 0; i < l.n; i++)
		MUST(id_valid(l.v[i]) && ids_find(&l, l.v[i]) == (ssize_t)i && memmem(data, size, l.v[i], ID_LEN));
	ids_release(&l);
	close(fd);
}

static char path[] = "/tmp/group_key_fuzz.XXXXXX";
static int dir = -1;

static void leave(void)
{
	rmdir(path);
}

/* The entry's name is that of the key it would have, so that the rest of it is looked at. */
static void fuzz_key(const uint8_t *data, size_t size)
{
	char key[300] = "", name[KEY_NAME_MAX], id[ID_LEN + 1];
	size_t n = size > ID_LEN + 2 ? size - ID_LEN - 2 : 0;
	int fd;

	if (dir < 0) {
		MUST(mkdtemp(path) && (dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) >= 0);
		atexit(leave);
	}
	memcpy(key, size > ID_LEN + 1 ? data + ID_LEN + 1 : data, n < sizeof key - 1 ? n : sizeof key - 1);
	key_name(name, key);
	MUST((fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) >= 0);
	MUST(write_full(fd, data, size) == 0);
	close(fd);
	if (key_read(dir, name, id) == 1)
		MUST(id_valid(id) && memcmp(id, data, ID_LEN) == 0 && data[size - 1] == '\n');
	unlinkat(dir, name, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_group(data, size);
	fuzz_key(data, size);
	return 0;
}
