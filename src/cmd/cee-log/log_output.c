/* log_output.c - cee-log's standard output (log_output.h) */
#include "cmd/cee-log/log_output.h"
#include "cli/prog.h"
#include "cli/sink.h"
#include "cmd/cee-log/log_prog.h"
#include "wire/frame_types.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

void log_output_failed(void)
{
	prog_die(EX_IOERR, "standard output: %s", strerror(errno));
}

void log_put(struct log *l, const void *data, size_t len)
{
	if (sink_put(&l->out, data, len) < 0 && errno != EINTR)
		log_output_failed();
}

void log_flush(struct log *l)
{
	while (sink_flush(&l->out) < 0)
		if (errno != EINTR)
			log_output_failed();
}

bool log_selected(const struct log *l, enum frame_stream s)
{
	return s == STREAM_OUT ? !l->only_err : !l->only_out;
}

void log_put_time(struct log *l, int64_t us)
{
	time_t t = (time_t)(us / 1000000);
	char micro[16];
	struct tm tm;

	if (t != l->second && localtime_r(&t, &tm)) {
		strftime(l->second_text, sizeof l->second_text, "%Y-%m-%d %H:%M:%S", &tm);
		l->second = t;
	}
	log_put(l, l->second_text, strlen(l->second_text));
	snprintf(micro, sizeof micro, ".%06d ", (int)(us % 1000000));
	log_put(l, micro, strlen(micro));
}
