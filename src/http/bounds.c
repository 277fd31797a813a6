/* bounds.c - what one request, one caller and all callers together may use (bounds.h)
 *
 * A place is a byte of the file http_state/requests, far beyond its end, and each request keeps a lock on
 * one byte of its caller's places and on one byte of everybody's. Everybody's places are the first ones; a hash
 * of the caller selects the caller's. Locks cost no space, and go with their process however it ends. Anonymous
 * callers are told apart by their addresses.
 */
#include "http/bounds.h"
#include "base/clock.h"
#include "base/fd.h"
#include "cli/prog.h"
#include "conf/conf.h"
#include "http/answer.h"
#include "http/cgi.h"
#include "http/request.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <unistd.h>

enum { MEMORY_BASE = 192 << 20, MEMORY_PER_JOB_BYTE = 16 };

void bounds_memory(const struct request *rq)
{
#if !defined __SANITIZE_ADDRESS__ && !defined __SANITIZE_THREAD__ /* they need more */
	rlim_t most = MEMORY_BASE + (rlim_t)rq->client.conf.max_job * MEMORY_PER_JOB_BYTE;
	struct rlimit now;

	if (getrlimit(RLIMIT_AS, &now) == 0 && most < now.rlim_cur) {
		now.rlim_cur = most;
		setrlimit(RLIMIT_AS, &now);
	}
#else
	(void)rq;
#endif
}

/* ---- requests at once ----------------------------------------------------------- */

/* FNV-1a, 64 bits. */
static uint64_t hash(uint64_t h, const char *s)
{
	for (; s && *s; s++)
		h = (h ^ (unsigned char)*s) * UINT64_C(0x100000001b3);
	return h;
}

/* The first byte of the caller's places: there are 2^42 separate positions behind everybody's. */
static int64_t first_place(const struct request *rq)
{
	uint64_t h = hash(UINT64_C(0xcbf29ce484222325), rq->client.owner);

	if (rq->anonymous)
		h = hash(h, cgi_variable(&rq->cgi, "REMOTE_ADDR"));
	return (int64_t)((h >> 22) + 1) * CONF_HTTP_REQUESTS_MAX;
}

static int open_places(const struct request *rq)
{
	AUTO_CLOSE int dir = open(rq->client.conf.http_state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd = dir < 0 ? -1 : openat(dir, "requests", O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);

	if (fd < 0)
		prog_error("%s/requests: %s: requests at once are not counted (http_state of cee.conf)",
			   rq->client.conf.http_state, strerror(errno));
	return fd;
}

/* Locks one of n places from first on; fd keeps it. The search begins anywhere, so that it is short while many are free. */
static bool take_one(int fd, int64_t first, int64_t n)
{
	int64_t begin = n > 0 ? mono_us() % n : 0;

	for (int64_t i = 0; i < n; i++) {
		struct flock lock = {
			.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = first + (begin + i) % n, .l_len = 1
		};

		if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
			return true;
	}
	return n == 0;
}

bool bounds_take_place(struct request *rq)
{
	const struct conf *c = &rq->client.conf;
	int fd = c->http_requests > 0 || c->http_processes > 0 ? open_places(rq) : -1;
	bool own;

	if (fd < 0)
		return true;
	own = take_one(fd, first_place(rq), c->http_requests);
	if (own && take_one(fd, 0, c->http_processes))
		return true; /* fd stays open: the locks are the places */
	close(fd);
	answer_header(rq, "Retry-After", "1");
	if (own)
		answer_problem(rq, 503,
			       "too many requests of all callers at once (http_processes); try again a little later");
	else
		answer_problem(rq, 429, "too many requests at once (http_requests); try again when one has ended");
	return false;
}

/* ---- the Host header ------------------------------------------------------------------ */

bool bounds_host_listed(const char *hosts, const char *host)
{
	size_t len = strlen(host), name = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
	bool port = name < len && host[name] == ':' && !host[name + 1 + strspn(host + name + 1, "0123456789")];

	while (*hosts) {
		size_t n;

		hosts += strspn(hosts, " ");
		n = strcspn(hosts, " ");
		if (n > 0 && (n == len || (n == name && port)) && strncasecmp(hosts, host, n) == 0)
			return true;
		hosts += n;
	}
	return false;
}

bool bounds_host(struct request *rq)
{
	const char *hosts = cgi_variable(&rq->cgi, "CEE_HTTP_HOSTS"), *host = cgi_variable(&rq->cgi, "HTTP_HOST");

	if (!hosts || (host && bounds_host_listed(hosts, host)))
		return true;
	answer_problem(rq, 421, "Host: this server is not known by that name (CEE_HTTP_HOSTS)");
	return false;
}
