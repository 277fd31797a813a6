/* box_limit.h - the memory limit of a box's job, in the cgroup that the box's jobs have (job_cgroup.h)
 *
 * Each phase of a job, and each of its tests, waits in cee-init for its LIMIT, so no program runs without its own.
 */
#ifndef RUNNER_BOX_LIMIT_H
#define RUNNER_BOX_LIMIT_H

#include "runner/box/box.h"

#include <stdbool.h>
#include <stdint.h>

/* After HELLO, which has the maker's number: makes the cgroup and tells cee-init, which waits for that, whether there is one. */
void box_limit_place(struct box *b, uint32_t maker);
/* Sets the limit of a phase, and queues its LIMIT: now, or when what ended before has given its memory back; if it does
 * not within 2 s, the box fails. files: bytes of the files that the job has in its box; -1: as before. Nothing happens in
 * a box without such a cgroup. */
void box_limit_set(struct box *b, enum frame_phase phase, int64_t memory, int64_t files);
/* ROOM: what the job's files need, at most the job's disk. */
void box_limit_room(struct box *b, const struct frame *f);
/* The box's job has ended. */
void box_limit_rest(struct box *b);

#endif
