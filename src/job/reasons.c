/* reasons.c - the tables of reasons.h as arrays */
#include "job/reasons.h"

const char *const state_name[STATE_COUNT] = {
#define S(id, name, title) [STATE_##id] = name,
	STATES(S)
#undef S
};
static const char names[] =
#define S(id, name, title) ", " name
	STATES(S)
#undef S
	;
const char *const state_names = names + 2;

const char *const reason_name[REASON_COUNT] = {
#define R(id, name, state, status, title) [REASON_##id] = name,
	REASONS(R)
#undef R
};
const enum state reason_state[REASON_COUNT] = {
#define R(id, name, state, status, title) [REASON_##id] = STATE_##state,
	REASONS(R)
#undef R
};
const int reason_status[REASON_COUNT] = {
#define R(id, name, state, status, title) [REASON_##id] = status,
	REASONS(R)
#undef R
};
