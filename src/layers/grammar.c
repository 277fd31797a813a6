/* grammar.c - names of the kinds of package registries, as in the configuration and in language files */
#include "layers/grammar.h"

#include <string.h>

const char *const grammar_name[GRAMMAR_COUNT] = {
	[GRAMMAR_NUGET] = "nuget",
	[GRAMMAR_PIP] = "pip",
	[GRAMMAR_NPM] = "npm",
};

int grammar_find(const char *name)
{
	for (int g = 0; g < GRAMMAR_COUNT; g++)
		if (grammar_name[g] && strcmp(grammar_name[g], name) == 0)
			return g;
	return -1;
}
