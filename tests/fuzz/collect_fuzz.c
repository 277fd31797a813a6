/* collect_fuzz - a job of any files, links and folders, and any patterns: what cee-init makes of its frames stays in
 * its folder; what the walk finds there are whole files with plain names within the bounds, and the runner takes all
 * of it. Twice: once the job's own files by its patterns, once everything, for the cells of tests. The bytes are a
 * walk's too, whose process may be anything: only files, data and what was left come of them. */
#include "fuzz.h"

#include "base/names.h"
#include "init/collect_walk.h"
#include "init/collector.h"
#include "init/failure.h"
#include "init/supervisor.h"
#include "job/result.h"
#include "layers/layers_internal.h"
#include "runner/run/collect_files.h"
#include "wire/payload.h"

enum { FILES = 6, BYTES = 2000 };

struct walked {
	struct files files;
	uint64_t n, bytes;
	bool everything;
};

static bool to_supervisor(void *arg, const struct frame *f)
{
	char text[INIT_TEXT] = "";

	if (supervisor_frame(arg, f->type, f->data, f->len, text) == 0)
		return true;
	MUST(*text && strlen(text) < sizeof text);
	return false;
}

static void collected(void *arg, const struct frame *f)
{
	struct walked *w = arg;
	struct frame_file file;

	if (f->type == FRAME_FILE) {
		char name[COLLECT_NAME_MAX + 300];

		MUST(frame_unpack_file(f->data, f->len, &file));
		snprintf(name, sizeof name, "%.*s", (int)file.name_len, file.name);
		MUST(*name != '/' && !strstr(name, "/../") && strncmp(name, "../", 3) != 0);
		MUST(w->everything || job_name_valid(name));
		MUST(w->everything || S_ISREG(file.mode));
		w->n++;
		w->bytes += file.size;
	}
	if (!w->everything)
		MUST(files_frame(&w->files, f) == 0);
}

/* The walk in a file, then the collector on it, as over their pipe. */
static void walk(const struct supervisor *s, bool everything)
{
	struct collect_request what = { .everything = everything, .files = FILES, .bytes = BYTES };
	struct spool_attempt attempt = SPOOL_ATTEMPT_NONE;
	struct walked w = { .everything = everything };
	struct collector *c = malloc(sizeof *c);
	struct result result;
	int theirs;

	result_init(&result);
	attempt.files = fuzz_appended();
	attempt.files_index = fuzz_appended();
	files_init(&w.files, &attempt, &result.files, FILES, BYTES);
	MUST(collector_open(c, &theirs) == 0);
	close(theirs);
	close(c->fd);
	c->fd = fuzz_file("", 0);
	collect_walk(s->intake.folder, &what, s->plan.collect, everything ? 0 : s->plan.ncollect, c->fd);
	MUST(lseek(c->fd, 0, SEEK_SET) == 0);
	while (collector_read(c, collected, &w) > 0)
		;
	MUST(c->done && w.n <= FILES && w.bytes <= BYTES);
	files_end(&w.files);
	collector_close(c);
	free(c);
	result_release(&result);
	close(attempt.files);
	close(attempt.files_index);
}

static void only_files(void *arg, const struct frame *f)
{
	(void)arg;
	MUST(f->type == FRAME_FILE || f->type == FRAME_DATA || f->type == FRAME_LEFT);
}

/* The bytes themselves, as those of a walk that a cell has taken over. */
static void stranger(const uint8_t *data, size_t size)
{
	struct collector *c = malloc(sizeof *c);
	int theirs;

	MUST(collector_open(c, &theirs) == 0);
	close(theirs);
	close(c->fd);
	c->fd = fuzz_file(data, size);
	MUST(lseek(c->fd, 0, SEEK_SET) == 0);
	while (collector_read(c, only_files, NULL) > 0)
		;
	collector_close(c);
	free(c);
}

/* The folder's parent has nothing but the folder. */
static void nothing_beside(int parent)
{
	struct stat st;

	MUST(fstat(parent, &st) == 0 && st.st_nlink == 3); /* its name, ".", and the ".." of the one folder in it */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int parent = -1;
	struct supervisor s;

	if (parent < 0)
		parent = fuzz_folder();
	layer_tree_remove(parent, "work");
	MUST(mkdirat(parent, "work", 0755) == 0);
	supervisor_init(&s, true);
	s.intake.folder = openat(parent, "work", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	s.disk = 1 << 20;
	fuzz_frames(data, size, to_supervisor, &s);
	nothing_beside(parent);
	walk(&s, false);
	walk(&s, true);
	supervisor_release(&s);
	stranger(data, size);
	MUST(layer_tree_remove(parent, "work") == 0);
	return 0;
}
