/* layer_tar.h - cee-init as a program in package boxes: fetch, pack, unpack
 *
 * Layers are made in two boxes (src/runner/layers/package_box.c), in which this program is mounted
 * a second time, because in a cell its usual path shows another file:
 *
 *     fetch REQUEST ARGV…     runs the language's package client with REQUEST, a file of
 *                             /work, on its standard input; the file is removed first
 *     pack FILES BYTES        writes the folder `layer` of /work to standard output as frames
 *                             (collect_walk.h) and its lock.json to standard error
 *     unpack FOLDER FILES BYTES   reads such frames from standard input and makes the tree;
 *                             its manifest goes to standard output (src/layers/tree.c reads it)
 */
#ifndef CEE_INIT_LAYER_TAR_H
#define CEE_INIT_LAYER_TAR_H

/* argv: what follows the program's own name. Its exit status; -1 when argv is not one of these
 * commands. */
int layer_program(int argc, char **argv);

#endif
