/* network_check.h - the check of gates: what a box with a network reaches, and what it does not */
#ifndef CEE_DOCTOR_NETWORK_CHECK_H
#define CEE_DOCTOR_NETWORK_CHECK_H

#include "doctor/doctor.h"
#include "runner/host/host.h"

void check_network(struct doctor *d, struct finding *f);

#endif
