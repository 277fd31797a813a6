/* box_socket.h - the socket of a box beside its attached stream (engine/attach.h)
 *
 * Its folder is mounted in that box alone, at BOX_SOCKET_FOLDER, and is removed from the host as soon as init has come.
 */
#ifndef RUNNER_BOX_SOCKET_H
#define RUNNER_BOX_SOCKET_H

#include "runner/box/box.h"

#define BOX_SOCKET_FOLDER "/.cee/socket" /* in the box */

/* Listens for init and sets b->socket_folder, where the engine is on this host and cee.conf allows it; without a socket
 * the frames go through the engine. */
void box_socket_open(struct box *b);
/* init has come, or will not come any more. Does nothing if that is done. */
void box_socket_done(struct box *b);
#endif
