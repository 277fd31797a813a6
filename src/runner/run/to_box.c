/* to_box.c - a run's job, signals and terminal size, for its box */
#include "engine/attach.h"
#include "runner/box/boxes.h"
#include "runner/core/config.h"
#include "runner/run/run_internal.h"
#include "runner/run/run_state.h"
#include "runner/run/send_job.h"
#include "spool/input.h"
#include "wire/payload.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

static struct frame_window window(struct run *r)
{
	unsigned rows = r->job.tty_rows ? r->job.tty_rows : 24, columns = r->job.tty_columns ? r->job.tty_columns : 80;

	spool_window_read(r->all->parts.runner->s, r->owner, r->id, &rows, &columns);
	return (struct frame_window){ .rows = rows, .columns = columns };
}

struct send_job run_to_send(struct run *r)
{
	struct send_job s = { .attach = &r->box->attach,
			      .job = &r->job,
			      .lang = r->lang,
			      .limits = r->limits,
			      .cell = r->box->cells,
			      .network = r->job.network,
			      .authorities =
				      r->job.network && box_file_there(r->all->parts.config->conf.package_certificates),
			      .processor = r->result.processor,
			      .collect_files = r->collect_files,
			      .collect_bytes = r->collect_bytes };

	if (r->compile) {
		s.compiled = true;
		s.product = r->compile->product;
		s.nproducts = r->compile->nproducts;
	}
	if (r->job.tty)
		s.window = window(r);
	return s;
}

void run_send_window(struct run *r)
{
	struct frame_window w;
	struct payload p;

	if (!run_executes(r) || !r->job.tty)
		return;
	w = window(r);
	frame_pack_window(&p, &w);
	attach_send(&r->box->attach, FRAME_WINDOW, p.data, p.len);
	attach_flush(&r->box->attach);
}

bool run_send_signal(struct run *r, int sig)
{
	struct payload p;

	if (!run_executes(r) || !r->program_runs)
		return false;
	frame_pack_number(&p, (uint32_t)sig);
	attach_send(&r->box->attach, FRAME_SIGNAL, p.data, p.len);
	attach_flush(&r->box->attach);
	return true;
}
