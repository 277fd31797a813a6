/* unpack_fuzz - any bytes as the stream of a package box, as cee-init unpacks it into a layer: nothing is made outside
 * the folder, and the manifest that it lists is that of the tree, or the stream is refused. The manifest itself, as
 * any text, is compared with a tree without harm. */
#include "fuzz.h"

#include "init/layer_tar.h"
#include "layers/layers_internal.h"

#include <sys/types.h>

enum { REFUSED = 65 };

static int lines(const char *text)
{
	int n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static void unpack(int parent, const uint8_t *data, size_t size)
{
	char path[64], *argv[] = { (char *)"unpack", path, (char *)"20", (char *)"65536", NULL }, *text = NULL;
	int input = fuzz_file(data, size), tree, r;
	FILE *before = stdout;
	struct stat st;
	size_t len = 0;

	snprintf(path, sizeof path, "/proc/self/fd/%d/tree", parent);
	MUST(dup2(input, 0) == 0);
	close(input);
	stdout = open_memstream(&text, &len); /* the manifest */
	r = layer_program(4, argv);
	fclose(stdout);
	stdout = before;
	MUST(r == 0 || r == REFUSED);
	MUST(fstat(parent, &st) == 0 && st.st_nlink == 3);
	tree = layer_folder(parent, "tree");
	MUST(tree >= 0);
	if (r == 0)
		MUST(layer_tree_check(tree, text, lines(text)) == 0);
	close(tree);
	free(text);
}

/* The lines of a manifest that somebody else wrote. */
static void check(int parent, const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	int tree = layer_folder(parent, "tree");

	layer_tree_check(tree, text, lines(text));
	close(tree);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int parent = -1;

	if (parent < 0)
		parent = fuzz_folder();
	layer_tree_remove(parent, "tree");
	MUST(mkdirat(parent, "tree", 0755) == 0);
	unpack(parent, data, size);
	check(parent, data, size);
	MUST(layer_tree_remove(parent, "tree") == 0);
	return 0;
}
