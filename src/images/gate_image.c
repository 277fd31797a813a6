/* gate_image.c - see the header
 *
 * Squid judges the address that it connects to: it looks a name up once, compares what it found with its lists, and
 * connects to that. (tinyproxy compares names alone, and so reaches a private address by any name that stands for it.)
 * It listens on TCP only; socat gives it the Unix socket.
 */
#include "images/gate_image.h"
#include "conf/conf.h"
#include "job/language.h"

struct lang gate_image(const struct conf *c)
{
	static const char *const packages[] = { "squid", "socat" };

	return (struct lang){ .name = (char *)GATE_NAME,
			      .title = (char *)"the gate to networks",
			      .image = c->gate_image,
			      .packages = (char **)packages,
			      .npackages = sizeof packages / sizeof *packages };
}
