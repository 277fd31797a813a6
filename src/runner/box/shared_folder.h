/* shared_folder.h - a folder of the host for one socket, which is mounted in a container
 *
 * Everybody who can reach the folder may use it; its parent lets nobody but this user pass.
 */
#ifndef RUNNER_SHARED_FOLDER_H
#define RUNNER_SHARED_FOLDER_H

/* PARENT/RUNNER.NUMBER, malloc'ed; parent is made if it is not there. mode: of the folder.
 * NULL and errno. */
char *shared_folder_make(const char *parent, const char *runner, unsigned number, int mode);
/* Removes the socket, UNIX_CHANNEL_NAME, and the folder. A container that was broken into may leave more there, which stays and is harmless.
 * NULL is allowed. */
void shared_folder_remove(const char *folder);
/* Removes those of a runner that is dead, or has just begun. parent NULL: nothing. */
void shared_folders_sweep(const char *parent, const char *runner);
#endif
