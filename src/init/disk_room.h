/* disk_room.h - what the place of a job's files is made of */
#ifndef CEE_INIT_DISK_ROOM_H
#define CEE_INIT_DISK_ROOM_H

#include <stdbool.h>
#include <stdint.h>

struct disk_room {
	uint64_t disk, inodes; /* bytes and files that fit */
	bool terminal;	       /* the program gets one of the box's terminals */
	bool layers;	       /* the job names packages: it sees their layers */
};

#endif
