/* cgroup_fuzz - files of the kernel with any text, as cee-init samples them, of which a job can choose the names of its
 * processes: no figure is read beyond a file, and a process's times are found whatever its name is */
#include "fuzz.h"

#include "init/cgroup.c" /* its parsers are its own */

/* A name may have anything in it, also what looks like the end of the name and times. */
static void names(const uint8_t *data, size_t size)
{
	char text[200], name[16];
	size_t n = size < sizeof name - 1 ? size : sizeof name - 1;

	memcpy(name, data, n);
	for (size_t i = 0; i < n; i++)
		name[i] = name[i] == 0 ? ' ' : name[i];
	name[n] = 0;
	snprintf(text, sizeof text, "7 (%s) S 1 7 7 0 -1 0 0 0 0 0 11 22 33 44 20 0 1 0 5", name);
	MUST(stat_ticks(text) == 11 + 22 + 33 + 44);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = fuzz_file(data, size);
	struct cgroup_sample first, second;
	char text[TEXT_MAX];

	read_text(fd, text);
	MUST(strlen(text) < TEXT_MAX);
	(void)stat_ticks(text);
	read_pids_max(fd);
	for (int version = 1; version < 3; version++) {
		struct cgroup c = { .version = version,
				    .cpu = fd,
				    .memory = fd,
				    .total = fd,
				    .oom = fd,
				    .pids = fd,
				    .pids_events = fd };

		cgroup_read(&c, &first, NULL);
		cgroup_read(&c, &second, &first);
		MUST(second.anon_age <= AGE_MAX);
	}
	close(fd);
	names(data, size);
	return 0;
}
