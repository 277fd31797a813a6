/* job_options.c - the options of cee-submit and cee-run that are fields of a job (job_options.h) */
#include "cli/job_options.h"
#include "base/limit.h"
#include "cli/prog.h"
#include "job/compose.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int small_number(const char *option, const char *s, int max)
{
	if (s[0] < '0' || s[0] > '0' + max || s[1])
		prog_usage("%s %s: must be 0 to %d", option, s, max);
	return s[0] - '0';
}

void job_options_add(struct strings *s, char *text)
{
	if (strings_add(s, text) < 0)
		prog_die(EX_OSERR, "out of memory");
}

bool job_options_take(struct compose *d, int opt)
{
	switch (opt) {
	case 'E':
		job_options_add(&d->env, optarg);
		break;
	case 'L':
		job_options_add(&d->limits, optarg);
		break;
	case 'p':
		job_options_add(&d->packages, optarg);
		break;
	case JOB_OPT_FRAMEWORK:
		d->framework = optarg;
		break;
	case JOB_OPT_CHECK:
		d->check = true;
		break;
	case JOB_OPT_COLLECT:
		job_options_add(&d->collect, optarg);
		break;
	case JOB_OPT_MERGE:
		d->merge = true;
		break;
	case JOB_OPT_TTY:
		d->tty = true;
		break;
	case JOB_OPT_BUFFER:
		d->buffer = optarg;
		break;
	case JOB_OPT_PRIORITY:
		d->priority = small_number("--priority", optarg, 9);
		break;
	case JOB_OPT_START_WITHIN:
		d->start_within = optarg;
		break;
	case JOB_OPT_RETRIES:
		d->retries = small_number("--retries", optarg, 3);
		break;
	case JOB_OPT_KEEP:
		d->keep = optarg;
		break;
	case JOB_OPT_NETWORK:
		d->network = optarg;
		break;
	case JOB_OPT_LABEL:
		job_options_add(&d->labels, optarg);
		break;
	default:
		return false;
	}
	return true;
}
