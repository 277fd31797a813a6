/* phase_verdict.c - how a phase ended, from what is known of its program (phase_verdict.h)
 *
 * A program that was killed for a limit, or by the kernel for one, has exceeded that limit. A
 * program that failed by itself or died from another signal is reported to have exceeded a limit
 * of memory, processes, file size or disk if it reached that limit, as this is the most likely cause.
 * Where the kernel does not keep the limit of memory, a program that was seen beyond it has exceeded it even if it
 * ended well: else the verdict would depend on when it was looked at.
 * SIGXCPU and SIGXFSZ prove nothing by themselves, as a program can send them to itself.
 */
#include "init/phase_verdict.h"

#include "base/limit.h"

#include <signal.h>
#include <sys/wait.h>

static bool exceeded(const struct phase_facts *f, enum limit_id id)
{
	return f->exceeded & (UINT64_C(1) << id);
}

static enum frame_how signalled(const struct phase_facts *f, int sig)
{
	if (sig == SIGKILL && f->reason != NO_REASON)
		return (enum frame_how)f->reason;
	if (f->oom_kills)
		return END_MEMORY_LIMIT;
	if ((sig == SIGXCPU || sig == SIGKILL) && exceeded(f, LIMIT_CPU))
		return END_CPU_LIMIT;
	if (sig == SIGXFSZ && exceeded(f, LIMIT_FILE_SIZE))
		return END_FILE_SIZE_LIMIT;
	return END_SIGNALLED;
}

enum frame_how phase_verdict(const struct phase_facts *f, uint64_t *all_exceeded)
{
	enum frame_how how = WIFSIGNALED(f->status) ? signalled(f, WTERMSIG(f->status)) : END_EXITED;

	*all_exceeded = f->exceeded;
	if (f->over_memory && (how == END_EXITED || how == END_SIGNALLED))
		return END_MEMORY_LIMIT;
	if (how != END_SIGNALLED && (how != END_EXITED || !WEXITSTATUS(f->status)))
		return how;
	if (f->oom_kills) /* a child of it */
		return END_MEMORY_LIMIT;
	if (exceeded(f, LIMIT_PROCESSES))
		return END_PROCESS_LIMIT;
	if (exceeded(f, LIMIT_FILE_SIZE))
		return END_FILE_SIZE_LIMIT;
	if (exceeded(f, LIMIT_DISK) || exceeded(f, LIMIT_INODES))
		return END_DISK_LIMIT;
	return how;
}
