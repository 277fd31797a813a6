/* resident.c - the payloads that only the protocol of a resident compiler has (resident.h) */
#include "wire/resident.h"
#include "wire/payload_internal.h"

int resident_pack_ready(struct payload *p, const struct resident_ready *r)
{
	p->len = 0;
	payload_add32(p, r->version);
	return payload_add_text(p, r->compiler, r->compiler_len, sizeof p->data - 4);
}

bool resident_unpack_ready(const void *data, size_t len, struct resident_ready *r)
{
	const unsigned char *d = data;

	if (len < 4)
		return false;
	r->version = frame_get32(d);
	r->compiler = (const char *)d + 4;
	r->compiler_len = len - 4;
	return true;
}

bool resident_unpack_plan(const void *data, size_t len, struct frame_plan *plan)
{
	return payload_get_plan(data, len, plan);
}

bool resident_unpack_end(const void *data, size_t len, uint32_t number, struct frame_end *e)
{
	return payload_get_end(data, len, e) && e->phase == number &&
	       (e->how == END_EXITED || e->how == END_CPU_LIMIT || e->how == END_MEMORY_LIMIT);
}
