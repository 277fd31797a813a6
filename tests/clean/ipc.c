/* ipc.c - System V and POSIX objects, keys, memory without a name, locks, quotas */
#include "clean.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <mqueue.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NAME "/planted"
enum { KEY = 0xcee, SIZE = 8 << 20 };

/* ---- System V ------------------------------------------------------------------- */

static void plant_shm(void)
{
	int id = shmget(KEY, SIZE, IPC_CREAT | 0666);
	char *p = id < 0 ? (void *)-1 : shmat(id, NULL, 0);

	if (p == (void *)-1)
		denied("shmget");
	memset(p, 1, SIZE);
	if (shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0666) < 0)
		denied("shmget");
}

static void probe_shm(void)
{
	struct shm_info info;

	if (shmget(KEY, 0, 0) >= 0)
		found("shared memory by its key");
	if (shmctl(0, SHM_INFO, (struct shmid_ds *)&info) >= 0 && info.used_ids)
		found("%d pieces of shared memory", info.used_ids);
}

static void plant_sem(void)
{
	if (semget(KEY, 5, IPC_CREAT | 0666) < 0 || semget(IPC_PRIVATE, 5, IPC_CREAT | 0666) < 0)
		denied("semget");
}

static void probe_sem(void)
{
	struct seminfo info;

	if (semget(KEY, 0, 0) >= 0)
		found("semaphores by their key");
	if (semctl(0, 0, SEM_INFO, &info) >= 0 && info.semusz)
		found("%d semaphores", info.semusz);
}

static void plant_msg(void)
{
	struct {
		long type;
		char text[8];
	} m = { 1, "planted" };
	int id = msgget(KEY, IPC_CREAT | 0666);

	if (id < 0 || msgsnd(id, &m, sizeof m.text, IPC_NOWAIT))
		denied("msgget");
}

static void probe_msg(void)
{
	struct msginfo info;

	if (msgget(KEY, 0) >= 0)
		found("a message queue by its key");
	if (msgctl(0, MSG_INFO, (struct msqid_ds *)&info) >= 0 && info.msgpool)
		found("%d message queues", info.msgpool);
}

/* ---- POSIX ------------------------------------------------------------------------ */

static void plant_posix_shm(void)
{
	int fd = shm_open(NAME, O_CREAT | O_RDWR, 0666);

	if (fd < 0 || ftruncate(fd, 4096))
		denied("shm_open");
}

static void probe_posix_shm(void)
{
	if (shm_open(NAME, O_RDONLY, 0) >= 0)
		found("shared memory by its name");
}

static void plant_posix_sem(void)
{
	if (sem_open(NAME, O_CREAT, 0666, 1) == SEM_FAILED)
		denied("sem_open");
}

static void probe_posix_sem(void)
{
	if (sem_open(NAME, 0) != SEM_FAILED)
		found("a semaphore by its name");
}

static void plant_mq(void)
{
	mqd_t q = mq_open(NAME, O_CREAT | O_RDWR, 0666, NULL);

	if (q < 0 || mq_send(q, "planted", 7, 1))
		denied("mq_open");
}

static void probe_mq(void)
{
	DIR *d;
	struct dirent *e;

	if (mq_open(NAME, O_RDONLY) >= 0)
		found("a message queue by its name");
	d = opendir("/dev/mqueue");
	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.')
			found("/dev/mqueue/%s", e->d_name);
	if (d)
		closedir(d);
}

/* ---- keys --------------------------------------------------------------------------- */

static void plant_key(void)
{
	if (syscall(SYS_add_key, "user", "planted", "x", 1, KEY_SPEC_USER_KEYRING) < 0)
		denied("add_key");
}

static void probe_key(void)
{
	if (syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING, "user", "planted", 0) >= 0)
		found("a key");
}

/* ---- memory without a name ------------------------------------------------------------ */

static void with_memfd(void)
{
	int fd = memfd_create("planted", 0);
	char *p = fd < 0 || ftruncate(fd, SIZE) ? MAP_FAILED : mmap(NULL, SIZE, PROT_WRITE, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		denied("memfd_create");
	memset(p, 1, SIZE);
}

static void plant_memfd(void)
{
	leave_daemon(with_memfd);
}

static void look_at_fds(const char *pid)
{
	char path[64], target[128];
	struct dirent *e;
	DIR *d;

	snprintf(path, sizeof path, "/proc/%.20s/fd", pid);
	d = opendir(path);
	while (d && (e = readdir(d))) {
		ssize_t n = readlinkat(dirfd(d), e->d_name, target, sizeof target - 1);
		target[n > 0 ? n : 0] = '\0';
		if (strstr(target, "memfd:planted"))
			found("%s of process %s", target, pid);
	}
	if (d)
		closedir(d);
}

static void probe_memfd(void)
{
	DIR *d = opendir("/proc");
	struct dirent *e;

	if (!d)
		broken("/proc");
	while ((e = readdir(d)))
		if (e->d_name[0] >= '1' && e->d_name[0] <= '9')
			look_at_fds(e->d_name);
	closedir(d);
}

/* ---- locks on what all jobs of the box see ---------------------------------------------- */

static const char *const shared_files[] = { "/etc/passwd", "/.cee/init", "/clean", "/usr", "/dev/null" };

static void with_flock(void)
{
	int n = 0;

	for (size_t i = 0; i < sizeof shared_files / sizeof *shared_files; i++) {
		int fd = open(shared_files[i], O_RDONLY);
		n += fd >= 0 && !flock(fd, LOCK_EX | LOCK_NB);
	}
	if (!n)
		denied("flock");
}

static void plant_flock(void)
{
	leave_daemon(with_flock);
}

static void probe_flock(void)
{
	for (size_t i = 0; i < sizeof shared_files / sizeof *shared_files; i++) {
		int fd = open(shared_files[i], O_RDONLY | O_CLOEXEC);
		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK)
			found("%s is locked", shared_files[i]);
		if (fd >= 0)
			close(fd);
	}
}

static void with_ofd(void)
{
	struct flock l = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
	int n = 0;

	for (size_t i = 0; i < sizeof shared_files / sizeof *shared_files; i++) {
		int fd = open(shared_files[i], O_RDONLY);
		n += fd >= 0 && !fcntl(fd, i % 2 ? F_SETLK : F_OFD_SETLK, &l);
	}
	if (!n)
		denied("fcntl");
}

static void plant_ofd(void)
{
	leave_daemon(with_ofd);
}

static void probe_ofd(void)
{
	for (size_t i = 0; i < sizeof shared_files / sizeof *shared_files; i++) {
		struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
		int fd = open(shared_files[i], O_RDONLY | O_CLOEXEC);
		if (fd >= 0 && !fcntl(fd, F_OFD_GETLK, &l) && l.l_type != F_UNLCK)
			found("%s has a lock on a range", shared_files[i]);
		if (fd >= 0)
			close(fd);
	}
}

/* ---- what is counted for each user ------------------------------------------------------- */

static void with_inotify(void)
{
	int fd;

	while ((fd = inotify_init1(0)) >= 0)
		inotify_add_watch(fd, "/", IN_ALL_EVENTS);
	if (errno != EMFILE)
		denied("inotify_init");
}

static void plant_inotify(void)
{
	leave_daemon(with_inotify);
}

static void probe_inotify(void)
{
	int fd = inotify_init1(IN_CLOEXEC);

	if (fd < 0)
		found("no inotify: %s", strerror(errno));
	close(fd);
}

static int fill_signals(int most)
{
	sigset_t set;
	int n = 0;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	signal(SIGRTMIN, SIG_DFL);
	sigprocmask(SIG_BLOCK, &set, NULL);
	while (n < most && !sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = n }))
		n++;
	return n;
}

static void with_signals(void)
{
	if (fill_signals(1 << 20) == 1 << 20)
		denied("signals without end");
}

static void plant_sigqueue(void)
{
	leave_daemon(with_signals);
}

static void probe_sigqueue(void)
{
	if (fill_signals(20) < 20)
		found("no signal can be queued: %s", strerror(errno));
}

const struct plant ipc_plants[] = { { "shm", IN_BOX, plant_shm, probe_shm },
				    { "sem", IN_BOX, plant_sem, probe_sem },
				    { "msg", IN_BOX, plant_msg, probe_msg },
				    { "posix-shm", IN_BOX, plant_posix_shm, probe_posix_shm },
				    { "posix-sem", IN_BOX, plant_posix_sem, probe_posix_sem },
				    { "mqueue", IN_BOX, plant_mq, probe_mq },
				    { "key", IN_BOX, plant_key, probe_key },
				    { "memfd", IN_BOX, plant_memfd, probe_memfd },
				    { "flock", IN_BOX, plant_flock, probe_flock },
				    { "ofd-lock", IN_BOX, plant_ofd, probe_ofd },
				    { "inotify", IN_BOX, plant_inotify, probe_inotify },
				    { "sigqueue", IN_BOX, plant_sigqueue, probe_sigqueue },
				    { 0 } };
