/* clean.h - what the planters and probes share; main.c says what they are */
#ifndef CLEAN_H
#define CLEAN_H
#include <stdbool.h>
#include <stddef.h>

enum {
	IN_BOX = 0,  /* stays in the box when the planter has ended */
	IN_SELF = 1, /* an attribute of the planter that an exec hands on */
	BY_ROOT = 2  /* without a cell it takes root to plant it */
};

struct plant {
	const char *name;
	int flags;
	void (*plant)(void); /* returns when it is planted */
	void (*probe)(void); /* returns when nothing was found */
};
/* Each ends with a NULL name. */
extern const struct plant process_plants[], file_plants[], ipc_plants[], net_plants[], init_plants[], self_plants[];

/* A probe has found what was planted. */
void found(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
/* A planter could not: errno says why. */
void denied(const char *what) __attribute__((noreturn));
/* The probe itself does not work here. */
void broken(const char *what) __attribute__((noreturn));

void pause_ms(long ms);
/* A process by double fork, in a session of its own, that runs work() (or nothing) and then
 * stays for ever, with signals ignored; returns when work() is done. */
void leave_daemon(void (*work)(void));
bool has_daemon(void); /* one of those is there */
bool slurp(const char *path, char *text, size_t size);
#endif
