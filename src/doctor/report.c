/* report.c - a finding as a line of text, or of JSON */
#include "doctor/report.h"
#include "base/buf.h"
#include "base/json_write.h"
#include "base/text.h"
#include "cli/prog.h"
#include "doctor/doctor.h"
#include "runner/host/host.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void say_json(const char *name, const struct finding *f)
{
	static const char *const status_name[] = {
		[FINDING_OK] = "ok", [FINDING_WARN] = "warn", [FINDING_FAIL] = "fail"
	};
	AUTO_BUF struct buf b = { 0 };
	struct json_writer w = json_writer(&b);

	json_open(&w, NULL, '{');
	json_put_text(&w, "name", name);
	json_put_text(&w, "status", status_name[f->status]);
	json_put_text(&w, "what", f->what);
	if (f->remedy[0])
		json_put_text(&w, "remedy", f->remedy);
	json_close(&w, '}');
	if (json_end_line(&w) < 0)
		prog_die(EX_OSERR, "out of memory");
	fwrite(b.data, 1, b.len, stdout);
}

static void say_text(const char *name, const struct finding *f)
{
	static const char
		*const status_name[] = { [FINDING_OK] = "ok  ", [FINDING_WARN] = "warn", [FINDING_FAIL] = "FAIL" },
		       *const colour[] = {
			       [FINDING_OK] = "\033[32m", [FINDING_WARN] = "\033[33m", [FINDING_FAIL] = "\033[1;31m"
		       };
	bool bright = prog_colour(STDOUT_FILENO);

	printf("%s%s%s %s: %s%s%s\n", bright ? colour[f->status] : "", status_name[f->status], bright ? "\033[0m" : "",
	       name, f->what, f->remedy[0] ? ": " : "", f->remedy);
}

void report(struct doctor *d, const char *name, struct finding *f)
{
	if (d->interrupted)
		return;
	d->failed |= f->status == FINDING_FAIL;
	if (d->quiet && f->status != FINDING_FAIL)
		return;
	text_clean(f->what);
	text_clean(f->remedy);
	if (d->json)
		say_json(name, f);
	else
		say_text(name, f);
	if (fflush(stdout) != 0)
		prog_die(EX_IOERR, "standard output: %s", strerror(errno));
}
