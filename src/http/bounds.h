/* bounds.h - what one request, one caller and all callers together may use */
#ifndef CEE_HTTP_BOUNDS_H
#define CEE_HTTP_BOUNDS_H

#include "http/request.h"

#include <stdbool.h>

/* Bounds this process's memory, by max_job. */
void bounds_memory(const struct request *rq);
/* Takes one of the caller's places for requests at once (http_requests) and one of everybody's
 * (http_processes), until the process ends. False: all of either are in use, and 429 or 503 is answered. */
bool bounds_take_place(struct request *rq);
/* Is the request addressed to a name of CEE_HTTP_HOSTS, where the server's configuration sets
 * that? Otherwise any site could point its DNS name to this server (DNS rebinding), and its pages
 * could act as the user that the server has logged in. False: 421 is answered. */
bool bounds_host(struct request *rq);
/* Does hosts (separated by spaces) have the host of a Host header's value, with or without its port? For the
 * unit test. */
bool bounds_host_listed(const char *hosts, const char *host);

#endif
