/* engine_checks.h - checks of the engine, of languages, of boxes and of their limits */
#ifndef CEE_DOCTOR_ENGINE_CHECKS_H
#define CEE_DOCTOR_ENGINE_CHECKS_H

#include "base/limit.h"
#include "doctor/doctor.h"
#include "runner/host/host.h"

/* Each sets f, or leaves it empty when there is nothing to report. */
void check_conf(struct doctor *d, struct finding *f);
void check_engine(struct doctor *d, struct finding *f);
void check_api(struct doctor *d, struct finding *f);
void check_cgroup(struct doctor *d, struct finding *f);
void check_runtime(struct doctor *d, struct finding *f);
void check_seccomp(struct doctor *d, struct finding *f);
void check_apparmor(struct doctor *d, struct finding *f);
void check_init(struct doctor *d, struct finding *f);
void check_box(struct doctor *d, struct finding *f);
void check_cells(struct doctor *d, struct finding *f);
void check_tmpfs(struct doctor *d, struct finding *f);
void check_limit(struct doctor *d, struct finding *f, enum limit_id id);
void check_languages(struct doctor *d, struct finding *f);
void check_images(struct doctor *d, struct finding *f);

#endif
