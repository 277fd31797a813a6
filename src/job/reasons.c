/* reasons.c - the tables of reasons.h as arrays */
#include "job/reasons.h"

const char *const state_name[STATE_COUNT] = {
#define S(id, name, title) [STATE_##id] = name,
	STATES(S)
#undef S
};
const char *const why_name[WHY_COUNT] = {
#define W(id, name, state, status, title) [WHY_##id] = name,
	WHYS(W)
#undef W
};
const enum state why_state[WHY_COUNT] = {
#define W(id, name, state, status, title) [WHY_##id] = STATE_##state,
	WHYS(W)
#undef W
};
const int why_status[WHY_COUNT] = {
#define W(id, name, state, status, title) [WHY_##id] = status,
	WHYS(W)
#undef W
};
