/* layer_fuzz - any text as the lock.json that a package box left, and as a layer's description: what is let pass is
 * bounded, printable, and reads the same when it is written again */
#include "base/buf.h"
#include "base/json_write.h"
#include "layers/layers_internal.h"
#include "layers/store.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(c)                                                                                                        \
	do {                                                                                                           \
		if (!(c))                                                                                              \
			abort();                                                                                       \
	} while (0)

static int lock_format(struct buf *b, const struct layer_package *p, size_t n)
{
	struct json_writer w = json_writer(b);

	layer_put_packages(&w, NULL, p, n);
	return json_written(&w);
}

static void printable(const char *s)
{
	MUST(s && *s && strlen(s) <= 220);
	for (; *s; s++)
		MUST(*s > ' ' && *s < 0x7f);
}

/* A layer's own description, meta/NAME: what is read is written and read again alike. */
static void meta(const char *text, size_t size)
{
	struct layer y, again;
	struct buf b = { 0 };

	if (layer_meta_parse(&y, text, size, NULL) < 0) {
		MUST(!y.language && !y.packages && !y.asked);
		return;
	}
	MUST(y.bytes >= 0 && y.files >= 0 && strlen(y.manifest) == LAYER_DIGEST && y.npackages <= LAYER_PACKAGES);
	MUST(layer_meta_format(&b, &y) == 0 && layer_meta_parse(&again, b.data, b.len, NULL) == 0);
	MUST(again.look == y.look && again.bytes == y.bytes && again.npackages == y.npackages &&
	     again.nasked == y.nasked);
	layer_release(&again);
	layer_release(&y);
	buf_release(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct layer_package *p, *again;
	struct buf b = { 0 };
	size_t n, m;

	meta((const char *)data, size);
	if (layer_lock_parse((const char *)data, size, &p, &n, NULL) < 0) {
		MUST(!p && !n);
		return 0;
	}
	MUST(n <= LAYER_PACKAGES);
	for (size_t i = 0; i < n; i++) {
		printable(p[i].name);
		printable(p[i].version);
		if (p[i].hash)
			printable(p[i].hash);
	}
	MUST(lock_format(&b, p, n) == 0 && layer_lock_parse(b.data, b.len, &again, &m, NULL) == 0 && m == n);
	layer_packages_release(again, m);
	layer_packages_release(p, n);
	buf_release(&b);
	return 0;
}
