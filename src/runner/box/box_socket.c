/* box_socket.c - the socket of a box beside its attached stream (box_socket.h) */
#include "runner/box/box_socket.h"
#include "engine/attach.h"
#include "engine/engine.h"
#include "engine/unix_channel.h"
#include "runner/box/boxes.h"
#include "runner/box/shared_folder.h"
#include "runner/core/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void box_socket_open(struct box *b)
{
	struct boxes *bs = b->boxes;

	if (!bs->sockets_path || !engine_is_local(bs->engine) || bs->config->conf.box_sockets_never)
		return;
	b->socket_folder = shared_folder_make(bs->sockets_path, bs->runner, ++bs->serial, 0711);
	if (b->socket_folder && attach_listen(&b->attach, bs->loop, b->socket_folder) == 0)
		return;
	log_event("box", "trouble", "no socket", "folder", bs->sockets_path, "reason", strerror(errno), NULL);
	box_socket_done(b);
}

void box_socket_done(struct box *b)
{
	if (!b->attach.channel.peer)
		unix_channel_close(&b->attach.channel);
	shared_folder_remove(b->socket_folder);
	free(b->socket_folder);
	b->socket_folder = NULL;
}
