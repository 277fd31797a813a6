/* pruner.c - a thread that removes layers when there are too many (pruner.h)
 *
 * Trees are large, and removing one takes longer than the loop may block. The thread opens the layers itself and
 * shares only its flag with the loop. Layers in use are kept: the locks of src/layers/store.c protect them, as
 * between two runners.
 */
#include "runner/layers/pruner.h"
#include "layers/store.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct prune {
	atomic_bool *busy;
	int64_t max;
	char path[];
};

static void *prune(void *arg)
{
	struct prune *p = arg;
	atomic_bool *busy = p->busy;
	struct layers l;
	int64_t n, bytes;

	if (layers_open(&l, p->path, false, NULL) == 0) {
		layers_prune(&l, p->max, &n, &bytes);
		layers_sweep(&l);
		layers_close(&l);
	}
	free(p);
	atomic_store(busy, false);
	return NULL;
}

void pruner_end(struct pruner *p)
{
	if (p->started)
		pthread_join(p->thread, NULL);
	p->started = false;
}

void pruner_run(struct pruner *p, const char *path, int64_t max)
{
	struct prune *work;

	if (atomic_load(&p->busy))
		return;
	pruner_end(p);
	work = malloc(sizeof *work + strlen(path) + 1);
	if (!work)
		return;
	work->busy = &p->busy;
	work->max = max;
	strcpy(work->path, path);
	atomic_store(&p->busy, true);
	p->started = pthread_create(&p->thread, NULL, prune, work) == 0;
	if (!p->started) {
		atomic_store(&p->busy, false);
		free(work);
	}
}
