/* payload_internal.h - functions of payload.c that resident.c also uses */
#ifndef CEE_PAYLOAD_INTERNAL_H
#define CEE_PAYLOAD_INTERNAL_H

#include "wire/payload.h"

void payload_add32(struct payload *p, uint32_t v);
void payload_add64(struct payload *p, uint64_t v);
int payload_add_text(struct payload *p, const char *text, size_t len, size_t max); /* -1 EMSGSIZE */

/* As frame_unpack_plan and frame_unpack_end, with any number as the phase. */
bool payload_get_plan(const void *data, size_t len, struct frame_plan *plan);
bool payload_get_end(const void *data, size_t len, struct frame_end *e);

#endif
