/* grammar.h - the kinds of package registries, each with a grammar of names and versions of its own */
#ifndef CEE_LAYERS_GRAMMAR_H
#define CEE_LAYERS_GRAMMAR_H

enum grammar {
	GRAMMAR_ANY, /* the language, and so the grammar, is not known yet */
	GRAMMAR_NUGET,
	GRAMMAR_PIP,
	GRAMMAR_NPM,
	GRAMMAR_COUNT
};
extern const char *const grammar_name[GRAMMAR_COUNT]; /* as in `layer.grammar` of a language; ANY: NULL */
int grammar_find(const char *name);		      /* -1: unknown name */

#endif
