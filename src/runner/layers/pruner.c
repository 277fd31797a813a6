/* pruner.c - layers that are too many are removed by a thread of its own
 *
 * Trees are large, and removing one takes longer than the loop may stand. The thread opens the
 * layers anew and shares nothing with the loop but the flag that it is at work; one at a time.
 * What is in use stays: the locks of src/layers/store.c say so, as between two runners.
 */
#include "layers/store.h"
#include "runner/layers/layer_builds_internal.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct prune {
	char *path;
	int64_t max;
};

static pthread_t pruner;
static bool pruner_there;
static atomic_bool pruning;

static void *prune(void *arg)
{
	struct prune *p = arg;
	struct layers l;
	int64_t n, bytes;

	if (layers_open(&l, p->path, false, NULL) == 0) {
		layers_prune(&l, p->max, &n, &bytes);
		layers_sweep(&l);
		layers_close(&l);
	}
	free(p->path);
	free(p);
	atomic_store(&pruning, false);
	return NULL;
}

void pruner_end(void)
{
	if (pruner_there)
		pthread_join(pruner, NULL);
	pruner_there = false;
}

void pruner_run(const char *path, int64_t max)
{
	struct prune *p;

	if (atomic_load(&pruning))
		return;
	pruner_end();
	p = calloc(1, sizeof *p);
	if (!p || !(p->path = strdup(path))) {
		free(p);
		return;
	}
	p->max = max;
	atomic_store(&pruning, true);
	pruner_there = pthread_create(&pruner, NULL, prune, p) == 0;
	if (!pruner_there) {
		atomic_store(&pruning, false);
		free(p->path);
		free(p);
	}
}
