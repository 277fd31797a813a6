/* queue_test.c - src/runner/queue: whose job is next, and how long everybody waits, by a clock of the test's own */
#include "runner/queue/queue.h"
#include "base/id.h"
#include "runner/queue/job_heap.h"
#include "runner/queue/name_index.h"
#include "runner/queue/owner_bound.h"
#include "runner/queue/pending.h"
#include "runner/queue/turns.h"
#include "check.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An id that is as old as n is small. */
static const char *id_of(char id[ID_LEN + 1], unsigned n)
{
	snprintf(id, ID_LEN + 1, "01900000-%04x-7000-8000-%012x", n >> 16 & 0xffff, n);
	return id;
}

static struct owner *owner_of(struct turns *t, const char *name)
{
	size_t number = turns_owner(t, name);

	return t->owner[number];
}

static void submit(struct turns *t, const char *owner, unsigned n, int priority)
{
	char id[ID_LEN + 1];

	turns_add(t, owner_of(t, owner), id_of(id, n), priority, 0);
}

static bool next_is(struct turns *t, const char *owner, unsigned n)
{
	char id[ID_LEN + 1];
	struct queued q;

	return turns_next(t, NULL, NULL, &q) && strcmp(q.owner, owner) == 0 && strcmp(q.id, id_of(id, n)) == 0;
}

/* ---- the index and the heap -------------------------------------------------------- */

static void heap_against_a_list(void)
{
	enum { JOBS = 400 };
	struct job_heap h;
	bool here[JOBS] = { false };
	char id[ID_LEN + 1];
	size_t n = 0;
	bool same = true;

	job_heap_init(&h);
	srand(7);
	for (int round = 0; round < 20000; round++) {
		unsigned k = (unsigned)rand() % JOBS;
		size_t place = job_heap_find(&h, id_of(id, k));

		same &= (place != SIZE_MAX) == here[k] && (place == SIZE_MAX || strcmp(h.job[place].id, id) == 0);
		if (rand() % 2) {
			job_heap_add(&h, id, rand() % 10, 0);
			n += !here[k];
			here[k] = true;
		} else if (place != SIZE_MAX) {
			same &= strcmp(job_heap_remove(&h, place).id, id) == 0;
			here[k] = false;
			n--;
		}
		same &= h.n == n && h.index.used == n;
	}
	CHECK(same);
	for (int last = -1; h.n;) {
		struct waiting_job j = job_heap_remove(&h, 0);

		same &= j.priority >= last;
		last = j.priority;
	}
	CHECK(same);
	job_heap_release(&h);
}

static void a_job_is_there_once(void)
{
	struct job_heap h;
	char id[ID_LEN + 1];

	job_heap_init(&h);
	job_heap_add(&h, id_of(id, 1), 5, 0);
	job_heap_add(&h, id_of(id, 1), 0, 2); /* put back: it goes first, its attempts counted */
	CHECK(h.n == 1 && h.job[0].priority == 0 && h.job[0].attempts == 2);
	job_heap_add(&h, id_of(id, 0), 9, 0);
	CHECK(strcmp(job_heap_oldest(&h), id_of(id, 0)) == 0);
	job_heap_clear(&h);
	CHECK(h.n == 0 && job_heap_find(&h, id_of(id, 1)) == SIZE_MAX);
	job_heap_release(&h);
}

/* ---- turns -------------------------------------------------------------------------------- */

static void owners_in_turn(void)
{
	struct turns t;

	turns_init(&t, 10);
	submit(&t, "ann", 1, 5);
	submit(&t, "ann", 2, 5);
	submit(&t, "ann", 3, 0);
	submit(&t, "bob", 4, 5);
	CHECK(next_is(&t, "ann", 3)); /* priority within an owner */
	CHECK(next_is(&t, "bob", 4));
	CHECK(next_is(&t, "ann", 1));
	submit(&t, "bob", 5, 5);
	CHECK(next_is(&t, "ann", 2)); /* ann was in line before */
	CHECK(next_is(&t, "bob", 5));
	CHECK(!next_is(&t, "bob", 5) && t.waiting == 0 && t.in_line == 0);
	turns_release(&t);
}

/* Of two places and a new owner every quarter of a second, as in the fault that was met. */
static void new_owners_do_not_go_first(void)
{
	struct turns t;
	struct queued q;
	char name[16];
	int served = 0;
	bool old = false;

	turns_init(&t, 10);
	submit(&t, "busy", 0, 5);
	turns_next(&t, NULL, NULL, &q);
	submit(&t, "old", 1, 5);
	for (unsigned i = 0; i < 80; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		submit(&t, name, 2 + i, 5);
		if (i % 2 || !turns_next(&t, NULL, NULL, &q))
			continue;
		served++;
		if (strcmp(q.owner, "old") == 0)
			old = true;
		CHECK(old); /* the first that is served */
	}
	CHECK(served == 40);
	turns_release(&t);
}

static void scans_keep_the_line(void)
{
	struct turns t;

	turns_init(&t, 10);
	submit(&t, "ann", 9, 5);
	turns_scan_begin(&t);
	for (size_t i = 0; i < t.nowners; i++)
		turns_forget(&t, t.owner[i]);
	submit(&t, "zoe", 1, 5); /* found in the order of the directory, served by age */
	submit(&t, "bob", 2, 5);
	submit(&t, "cid", 0, 5);
	submit(&t, "ann", 9, 5);
	turns_scan_end(&t);
	CHECK(t.waiting == 4 && t.in_line == 4);
	CHECK(next_is(&t, "ann", 9)); /* was in line before the scan */
	CHECK(next_is(&t, "cid", 0));
	turns_scan_begin(&t);
	turns_forget(&t, owner_of(&t, "zoe")); /* claimed by another runner */
	turns_forget(&t, owner_of(&t, "bob"));
	submit(&t, "bob", 2, 5);
	turns_scan_end(&t);
	CHECK(t.in_line == 1 && next_is(&t, "bob", 2));
	turns_release(&t);
}

static void a_turn_that_came_to_nothing(void)
{
	struct turns t;
	struct queued q;
	char id[ID_LEN + 1];

	turns_init(&t, 2);
	submit(&t, "ann", 1, 5);
	submit(&t, "ann", 2, 5);
	CHECK(turns_add(&t, owner_of(&t, "ann"), id_of(id, 3), 5, 0) == 1); /* most_waiting */
	submit(&t, "bob", 4, 5);
	CHECK(turns_next(&t, NULL, NULL, &q));
	turns_again(&t, "ann"); /* another runner had it */
	CHECK(next_is(&t, "ann", 2));
	turns_again(&t, "nobody");
	CHECK(!turns_take(&t, "bob", id_of(id, 5), &q) && !turns_take(&t, "zoe", id, &q));
	CHECK(turns_take(&t, "bob", id_of(id, 4), &q) && t.in_line == 0 && t.waiting == 0);
	turns_release(&t);
}

static bool not_ann(void *arg, const char *owner)
{
	(void)arg;
	return strcmp(owner, "ann") != 0;
}

static void who_may_not_begin_keeps_the_place_in_line(void)
{
	struct turns t;
	struct queued q;

	turns_init(&t, 10);
	submit(&t, "ann", 1, 5);
	submit(&t, "bob", 2, 5);
	CHECK(turns_next(&t, not_ann, NULL, &q) && strcmp(q.owner, "bob") == 0);
	CHECK(!turns_next(&t, not_ann, NULL, &q));
	submit(&t, "bob", 3, 5);
	CHECK(next_is(&t, "ann", 1));
	turns_release(&t);
}

/* ---- 300 pupils ------------------------------------------------------------------------------ */

struct place {
	int64_t free_at;
	int owner;
};

/* jobs of each pupil come at once, in the order that a shuffled list says; each takes a second, on 4 places. */
static void pupils(int jobs_each, int64_t *longest, int64_t *shortest_last)
{
	enum { PUPILS = 300, PLACES = 4 };
	int64_t last[PUPILS] = { 0 }, now = 0;
	struct place place[PLACES] = { { 0, 0 } };
	struct turns t;
	struct queued q;
	char name[16];

	turns_init(&t, 1000);
	for (int k = 0; k < jobs_each; k++)
		for (unsigned i = 0; i < PUPILS; i++) {
			unsigned p = i * 7919 % PUPILS;

			snprintf(name, sizeof(name), "%u", p);
			submit(&t, name, (unsigned)k * PUPILS + i, 5);
		}
	for (int done = 0; done < PUPILS * jobs_each; now++)
		for (int i = 0; i < PLACES; i++)
			if (place[i].free_at <= now && turns_next(&t, NULL, NULL, &q)) {
				place[i].free_at = now + 1;
				last[atoi(q.owner)] = now;
				done++;
			}
	*longest = 0;
	*shortest_last = INT64_MAX;
	for (int i = 0; i < PUPILS; i++) {
		*longest = last[i] > *longest ? last[i] : *longest;
		*shortest_last = last[i] < *shortest_last ? last[i] : *shortest_last;
	}
	turns_release(&t);
}

static void three_hundred_pupils(void)
{
	int64_t longest, shortest;

	pupils(1, &longest, &shortest);
	CHECK(longest == 74 && shortest == 0); /* 300 jobs of a second on 4 places, nobody waits longer */
	pupils(4, &longest, &shortest);
	CHECK(longest - shortest <= 75); /* all get their last one within one round */
}

/* ---- places of one owner ------------------------------------------------------------------------ */

static void bounds_of_an_owner(void)
{
	CHECK(owner_bound(4, 0, false) == 4 && owner_bound(4, 0, true) == 3 && owner_bound(1, 0, true) == 1);
	CHECK(owner_bound(4, 2, false) == 2 && owner_bound(4, 2, true) == 2 && owner_bound(4, 9, true) == 4);
}

/* ---- requests ------------------------------------------------------------------------------------- */

struct served {
	int of[3], turn_of_last[3], turns, refills;
	enum request_result result;
	size_t left, removed; /* files of owner 0: the first left of them stay, others went */
	struct pending *p;
};

static enum request_result serve_one(void *arg, size_t owner, const struct pending_request *r)
{
	struct served *s = arg;

	s->of[owner]++;
	s->turn_of_last[owner] = s->turns;
	if (owner == 0 && s->result == REQUEST_DONE)
		s->removed++;
	(void)r;
	return owner == 0 ? s->result : REQUEST_DONE;
}

static void refill(void *arg, size_t owner, size_t skip)
{
	struct served *s = arg;
	char name[32];

	s->refills++;
	for (size_t i = s->removed + skip; i < s->left; i++) {
		snprintf(name, sizeof(name), "job-%zu", i);
		if (!pending_add(s->p, owner, REQUEST_CANCEL, name))
			return;
	}
}

static void flood(struct served *s, struct pending *p, size_t files)
{
	char name[32];

	pending_init(p);
	*s = (struct served){ .p = p, .left = files };
	for (size_t i = 0; i < files; i++) {
		snprintf(name, sizeof(name), "job-%zu", i);
		pending_add(p, 0, REQUEST_CANCEL, name);
	}
	pending_add(p, 1, REQUEST_INPUT, "key");
	pending_add(p, 2, REQUEST_CANCEL, "one");
	pending_add(p, 2, REQUEST_CANCEL, "one");
}

static void a_flood_delays_nobody(void)
{
	struct pending p;
	struct served s;
	struct pending_ops ops = { .request = serve_one, .refill = refill, .arg = &s };

	flood(&s, &p, 10000);
	CHECK(pending_serve(&p, &ops) == PENDING_MORE);
	CHECK(s.of[0] == PENDING_OF_OWNER && s.of[1] == 1 && s.of[2] == 1); /* all within the first turn */
	while (pending_serve(&p, &ops) == PENDING_MORE && s.turns < 10000)
		s.turns++;
	CHECK(s.of[0] == 10000 && s.removed == 10000 && p.n == 0); /* and none of the flood is lost */
	CHECK(s.turns <= 10000 / PENDING_OF_OWNER);
	pending_release(&p);
}

static void files_that_stay_are_passed_over(void)
{
	struct pending p;
	struct served s;
	struct pending_ops ops = { .request = serve_one, .refill = refill, .arg = &s };

	flood(&s, &p, 1000);
	s.result = REQUEST_KEPT; /* another runner's jobs */
	while (pending_serve(&p, &ops) == PENDING_MORE && s.turns < 10000)
		s.turns++;
	CHECK(s.of[0] == 1000 && s.turns < 1000 && p.n == 0); /* each once, then the next scan's */
	pending_release(&p);
}

static void no_room_waits(void)
{
	struct pending p;
	struct served s;
	struct pending_ops ops = { .request = serve_one, .refill = refill, .arg = &s };
	enum pending_left left = PENDING_MORE;

	flood(&s, &p, 20);
	s.result = REQUEST_LATER;
	while (left == PENDING_MORE && s.turns++ < 100)
		left = pending_serve(&p, &ops);
	CHECK(left == PENDING_WAITS && s.of[1] == 1 && s.of[2] == 1 && s.turns < 10);
	s.of[0] = 0;
	CHECK(pending_serve(&p, &ops) == PENDING_WAITS && s.of[0] == 0); /* not tried again and again */
	s.result = REQUEST_DONE;
	pending_retry(&p);
	while (pending_serve(&p, &ops) == PENDING_MORE)
		;
	CHECK(s.of[0] == 20 && p.n == 0);
	pending_release(&p);
}

int main(void)
{
	RUN(heap_against_a_list);
	RUN(a_job_is_there_once);
	RUN(owners_in_turn);
	RUN(new_owners_do_not_go_first);
	RUN(scans_keep_the_line);
	RUN(a_turn_that_came_to_nothing);
	RUN(who_may_not_begin_keeps_the_place_in_line);
	RUN(three_hundred_pupils);
	RUN(bounds_of_an_owner);
	RUN(a_flood_delays_nobody);
	RUN(files_that_stay_are_passed_over);
	RUN(no_room_waits);
	return check_status();
}
