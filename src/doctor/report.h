/* report.h - a finding as a line of text, or of JSON */
#ifndef CEE_DOCTOR_REPORT_H
#define CEE_DOCTOR_REPORT_H

#include "doctor/doctor.h"
#include "runner/host/host.h"

/* Prints the finding, unless -q hides it; records failures. */
void report(struct doctor *d, const char *name, struct finding *f);

#endif
