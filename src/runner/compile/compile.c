/* compile.c - one compile in a resident compiler: the request, and the part of the answer received so far (compile.h)
 *
 * What a resident compiler sends is untrusted: users' programs went through it. Names, sizes and counts are
 * bounded here, and so are the figures that a result will show.
 */
#include "runner/compile/compile.h"
#include "base/buf.h"
#include "base/limit.h"
#include "base/loop.h"
#include "base/names.h"
#include "job/job_files.h"
#include "wire/frame.h"
#include "wire/frame_types.h"
#include "wire/payload.h"
#include "wire/resident.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { OUTPUT_MORE = 4096 };	     /* beyond the limit of output: longer output exceeds the limit anyway */
#define GAP_MOST (UINT64_C(1) << 50) /* more than any compiler writes: sums with it do not overflow */

static const char out_of_memory[] = "out of memory";

struct compile *compile_new(const struct loop *loop, const struct compile_request *request)
{
	struct compile *c = calloc(1, sizeof(*c));

	if (c)
		*c = (struct compile){ .loop = loop, .request = *request };
	return c;
}

static void drop_products(struct compile *c)
{
	while (c->nproducts) {
		struct job_file *p = &c->product[--c->nproducts];

		free(p->name);
		free(p->data);
	}
	free(c->product);
	c->product = NULL;
	c->product_bytes = c->missing = 0;
	buf_release(&c->output);
	c->gap = 0;
}

void compile_release(struct compile *c)
{
	drop_products(c);
	free(c);
}

void compile_answer(struct compile *c, const struct frame_end *end)
{
	if (!end)
		drop_products(c);
	c->request.done(c->request.arg, end);
}

/* ---- frames from the compiler ------------------------------------------------------- */

const char *compile_take_output(struct compile *c, const struct frame *f)
{
	int64_t most = c->request.limits->v[LIMIT_OUTPUT];

	if (f->stream != STREAM_COMPILE)
		return "compiler output of an unknown stream";
	if (!most) { /* kept to here too: an image may be older than a limit of 0 */
		c->gap += f->len;
		return NULL;
	}
	if (most > 0 && most != LIMIT_NONE && c->output.len + f->len > (size_t)most + OUTPUT_MORE)
		return "compiler output exceeds its limit";
	return buf_add(&c->output, f->data, f->len) < 0 ? out_of_memory : NULL;
}

const char *compile_take_gap(struct compile *c, const struct frame *f)
{
	uint64_t gap;

	if (c->gap || !frame_unpack_gap(f->data, f->len, &gap))
		return "more than one gap in the compiler output";
	c->gap = gap < GAP_MOST ? gap : GAP_MOST;
	c->gap_at = c->output.len;
	return NULL;
}

static bool product_fits(const struct compile *c, const char *name, uint64_t size)
{
	int64_t limit = c->request.limits->v[LIMIT_FILE_SIZE];
	uint64_t most = limit >= 0 && limit < RESIDENT_BYTES ? (uint64_t)limit : RESIDENT_BYTES;

	for (size_t i = 0; i < c->nproducts; i++)
		if (strcmp(c->product[i].name, name) == 0)
			return false;
	return job_name_valid(name) && c->nproducts < RESIDENT_PRODUCTS && size <= most &&
	       c->product_bytes + size <= RESIDENT_BYTES;
}

static int product_add(struct compile *c, const char *name, uint32_t mode, size_t size)
{
	struct job_file *p = reallocarray(c->product, c->nproducts + 1, sizeof(*p));

	if (!p)
		return -1;
	c->product = p;
	p += c->nproducts++;
	*p = (struct job_file){ .mode = mode & 0100 ? 0755 : 0644, .data = malloc(size + 1), .name = strdup(name) };
	return p->data && p->name ? 0 : -1;
}

const char *compile_take_file(struct compile *c, const struct frame *f)
{
	AUTO_FREE char *name = NULL;
	struct frame_file file;

	if (frame_unpack_file(f->data, f->len, &file))
		name = strndup(file.name, file.name_len);
	if (!name || c->missing || !product_fits(c, name, file.size))
		return "invalid output file from compiler";
	if (product_add(c, name, file.mode, file.size) < 0)
		return out_of_memory;
	c->missing = file.size;
	c->product_bytes += file.size;
	return NULL;
}

const char *compile_take_data(struct compile *c, const struct frame *f)
{
	struct job_file *p = c->nproducts ? &c->product[c->nproducts - 1] : NULL;

	if (!p || f->len > c->missing)
		return "output file from compiler exceeds its announced size";
	memcpy(p->data + p->len, f->data, f->len);
	p->len += f->len;
	c->missing -= f->len;
	return NULL;
}

const char *compile_check_end(const struct compile *c, const struct frame_end *end)
{
	bool success = end->how == END_EXITED && end->status == 0;

	return c->missing || success != (c->nproducts > 0) ? "END frame disagrees with the output files" : NULL;
}

/* ---- figures ------------------------------------------------------------------------------ */

static uint64_t at_most(uint64_t value, uint64_t most)
{
	return value < most ? value : most;
}

void compile_plausible(const struct compile *c, int64_t memory, struct frame_end *end)
{
	uint64_t wall = (uint64_t)(loop_now(c->loop) - c->begun);

	end->phase = PHASE_COMPILE;
	/* over a limit the compiler exits by itself, where a compile in the job's own box would have been killed */
	end->status = end->how == END_EXITED ? at_most(end->status, 255) : END_SIGNAL + SIGKILL;
	end->cpu_us = at_most(end->cpu_us, wall * 64);
	end->wall_us = at_most(end->wall_us, wall);
	end->peak = at_most(end->peak, (uint64_t)memory);
	end->peak_how = 0;
	end->oom_kills = 0;
	end->exceeded = at_most(end->exceeded, (1u << LIMIT_COUNT) - 1) | (c->gap ? 1u << LIMIT_OUTPUT : 0);
	end->out_bytes = 0; /* all of the compiler's output counts as standard error */
	end->err_bytes = c->output.len + c->gap;
	end->dropped = c->gap;
}

bool compile_over_time(const struct compile *c)
{
	int64_t wall = c->request.limits->v[LIMIT_WALL];

	return wall > 0 && loop_now(c->loop) - c->begun >= wall;
}

void compile_time_end(struct compile *c, int64_t memory, struct frame_end *end)
{
	drop_products(c);
	*end = (struct frame_end){ .how = END_WALL_LIMIT, .exceeded = 1u << LIMIT_WALL };
	compile_plausible(c, memory, end);
	end->wall_us = (uint64_t)(loop_now(c->loop) - c->begun);
}
