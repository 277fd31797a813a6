/* payload.c - the payloads of frames, written and read (payload.h)
 *
 * Numbers are little endian. The bounds of the table in frame_types.h are checked here
 * again, since cee-init and the runner read some payloads that did not pass the parser.
 */
#include "wire/payload.h"
#include "wire/payload_internal.h"

#include <errno.h>
#include <string.h>

void payload_add32(struct payload *p, uint32_t v)
{
	frame_put32(p->data + p->len, v);
	p->len += 4;
}

void payload_add64(struct payload *p, uint64_t v)
{
	frame_put64(p->data + p->len, v);
	p->len += 8;
}

int payload_add_text(struct payload *p, const char *text, size_t len, size_t max)
{
	if (len > max || len > sizeof p->data - p->len) {
		errno = EMSGSIZE;
		return -1;
	}
	if (len)
		memcpy(p->data + p->len, text, len);
	p->len += len;
	return 0;
}

static bool has_nul(const char *text, size_t len)
{
	return len && memchr(text, 0, len);
}

/* JOB, END and NETWORK have nothing but 64-bit numbers, in the order of their tables: so has the struct of each. */
static void pack_numbers(struct payload *p, const uint64_t *v, size_t n)
{
	p->len = 0;
	for (size_t i = 0; i < n; i++)
		payload_add64(p, v[i]);
}

static bool unpack_numbers(const void *data, size_t len, uint64_t *v, size_t n)
{
	const unsigned char *d = data;

	if (len != 8 * n)
		return false;
	for (size_t i = 0; i < n; i++)
		v[i] = frame_get64(d + 8 * i);
	return true;
}

#define NUMBERS(s) ((uint64_t *)(s)), sizeof *(s) / sizeof(uint64_t)
_Static_assert(sizeof(struct frame_job) == 8 * JOB_FIELDS && sizeof(struct frame_end) == 8 * END_FIELDS &&
		       sizeof(struct frame_network) == 8 * NETWORK_FIELDS,
	       "numbers alone");

void frame_pack_job(struct payload *p, const struct frame_job *j)
{
	pack_numbers(p, NUMBERS(j));
}

bool frame_unpack_job(const void *data, size_t len, struct frame_job *j)
{
	return unpack_numbers(data, len, NUMBERS(j));
}

void frame_pack_end(struct payload *p, const struct frame_end *e)
{
	pack_numbers(p, NUMBERS(e));
}

bool payload_get_end(const void *data, size_t len, struct frame_end *e)
{
	return unpack_numbers(data, len, NUMBERS(e)) && e->how < END_HOWS && e->status < END_STATUSES;
}

void frame_pack_network(struct payload *p, const struct frame_network *n)
{
	pack_numbers(p, NUMBERS(n));
}

bool frame_unpack_network(const void *data, size_t len, struct frame_network *n)
{
	return unpack_numbers(data, len, NUMBERS(n));
}

int frame_pack_hello(struct payload *p, const struct frame_hello *h)
{
	p->len = 0;
	payload_add32(p, h->version);
	payload_add32(p, h->flags);
	return payload_add_text(p, h->build, h->build_len, 256);
}

bool frame_unpack_hello(const void *data, size_t len, struct frame_hello *h)
{
	const unsigned char *d = data;

	if (len < 8 || len > 8 + 256)
		return false;
	h->version = frame_get32(d);
	h->flags = frame_get32(d + 4);
	h->build = (const char *)d + 8;
	h->build_len = len - 8;
	return !has_nul(h->build, h->build_len);
}

int frame_pack_file(struct payload *p, const struct frame_file *f)
{
	p->len = 0;
	payload_add32(p, f->mode);
	payload_add64(p, f->size);
	return payload_add_text(p, f->name, f->name_len, FRAME_NAME_MAX);
}

bool frame_unpack_file(const void *data, size_t len, struct frame_file *f)
{
	const unsigned char *d = data;

	if (len <= 12 || len > 12 + FRAME_NAME_MAX)
		return false;
	f->mode = frame_get32(d);
	f->size = frame_get64(d + 4);
	f->name = (const char *)d + 12;
	f->name_len = len - 12;
	return !has_nul(f->name, f->name_len);
}

void frame_pack_plan(struct payload *p, uint32_t phase, const struct limits *l)
{
	p->len = 0;
	payload_add32(p, phase);
	for (int i = 0; i < LIMIT_COUNT; i++)
		payload_add64(p, l->v[i] == LIMIT_NONE ? UINT64_MAX : (uint64_t)l->v[i]);
}

bool payload_get_plan(const void *data, size_t len, struct frame_plan *plan)
{
	const unsigned char *d = data;

	if (len != 4 + 8 * LIMIT_COUNT)
		return false;
	plan->phase = frame_get32(d);
	for (int i = 0; i < LIMIT_COUNT; i++)
		plan->limit[i] = frame_get64(d + 4 + 8 * i);
	return true;
}

bool frame_unpack_plan(const void *data, size_t len, struct frame_plan *plan)
{
	return payload_get_plan(data, len, plan) && plan->phase < PHASE_COUNT;
}

void frame_pack_number(struct payload *p, uint32_t number)
{
	p->len = 0;
	payload_add32(p, number);
}

bool frame_unpack_number(const void *data, size_t len, uint32_t *number)
{
	if (len != 4)
		return false;
	*number = frame_get32(data);
	return true;
}

void frame_pack_window(struct payload *p, const struct frame_window *w)
{
	p->len = 0;
	payload_add32(p, w->rows);
	payload_add32(p, w->columns);
}

bool frame_unpack_window(const void *data, size_t len, struct frame_window *w)
{
	const unsigned char *d = data;

	if (len != 8)
		return false;
	w->rows = frame_get32(d);
	w->columns = frame_get32(d + 4);
	return true;
}

void frame_pack_gap(struct payload *p, uint64_t bytes)
{
	p->len = 0;
	payload_add64(p, bytes);
}

bool frame_unpack_gap(const void *data, size_t len, uint64_t *bytes)
{
	if (len != 8)
		return false;
	*bytes = frame_get64(data);
	return true;
}

bool frame_unpack_end(const void *data, size_t len, struct frame_end *e)
{
	return payload_get_end(data, len, e) && e->phase < PHASE_COUNT;
}

int frame_end_exit_code(const struct frame_end *e)
{
	return e->status < END_SIGNAL ? (int)e->status : -1;
}

int frame_end_signal(const struct frame_end *e)
{
	return e->status < END_SIGNAL ? 0 : (int)(e->status - END_SIGNAL);
}

int frame_pack_left(struct payload *p, const struct frame_left *l)
{
	p->len = 0;
	payload_add32(p, l->reason);
	if (l->reason != LEFT_MORE)
		return payload_add_text(p, l->name, l->name_len, FRAME_NAME_MAX);
	payload_add64(p, l->more);
	return 0;
}

bool frame_unpack_left(const void *data, size_t len, struct frame_left *l)
{
	const unsigned char *d = data;

	if (len < 4 || len > 4 + FRAME_NAME_MAX || frame_get32(d) >= LEFT_REASONS)
		return false;
	*l = (struct frame_left){ .reason = (enum left_reason)frame_get32(d), .name = (const char *)d + 4 };
	if (l->reason != LEFT_MORE) {
		l->name_len = len - 4;
		return !has_nul(l->name, l->name_len);
	}
	if (len != 12)
		return false;
	l->more = frame_get64(d + 4);
	return true;
}
