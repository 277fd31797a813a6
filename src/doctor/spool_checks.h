/* spool_checks.h - checks of the spool, of this host, and of the runners */
#ifndef CEE_DOCTOR_SPOOL_CHECKS_H
#define CEE_DOCTOR_SPOOL_CHECKS_H

#include "doctor/doctor.h"
#include "runner/host/host.h"

/* Each sets f. */
void check_spool(struct doctor *d, struct finding *f);
void check_room(struct doctor *d, struct finding *f);
void check_uids(struct doctor *d, struct finding *f);
void check_inotify(struct doctor *d, struct finding *f);
void check_clock(struct doctor *d, struct finding *f);
void check_boxes(struct doctor *d, struct finding *f);
void check_runner(struct doctor *d, struct finding *f);

#endif
