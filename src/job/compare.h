/* compare.h - compares a program's output with the expected output (compare.c)
 *
 * The expected text is in memory as a whole; the output comes in pieces of any size
 * and is never kept, however long it is.
 */
#ifndef CEE_COMPARE_H
#define CEE_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cee_err;

enum compare_how {
	COMPARE_TRAILING, /* white space at the ends of lines and blank lines at the end do not count */
	COMPARE_EXACT,	  /* byte by byte */
	COMPARE_TOKENS,	  /* words; how they are separated does not count */
	COMPARE_FLOAT	  /* words; two numbers are the same when they are near each other */
};
/* abs, rel: numbers a (got) and b (expected) are near when |a-b| <= abs or |a-b| <= rel*|b| */
struct compare_rule {
	enum compare_how how;
	double abs, rel;
};
/* "exact", "trailing", "tokens", "float:ABS,REL"; -1 EINVAL and e says what would be right. */
int compare_parse(const char *text, struct compare_rule *r, struct cee_err *e);

enum { COMPARE_EXCERPT = 60, COMPARE_NUMBER = 512 };
struct compare_excerpt {
	char text[COMPARE_EXCERPT + 1];
	size_t len;
};

struct compare {
	struct compare_rule rule;
	const unsigned char *want;
	size_t len;
	size_t at;	/* of it was found */
	uint64_t lines; /* newlines of the output so far */
	/* trailing: the white space that has come since `at`, of which nobody knows yet whether it counts */
	size_t space; /* where it leads to */
	bool odd;     /* it is not what is expected there */
	bool past;    /* newlines after the end of all that is expected */
	/* tokens, float: the word that is coming */
	bool in_word, equal;
	size_t word, word_end;	     /* the expected one */
	size_t word_len;	     /* of what has come */
	size_t odd_at;		     /* where it differs from it, not equal */
	char number[COMPARE_NUMBER]; /* its beginning */
	bool open;		     /* got is being gathered */
	/* what came out */
	bool differs;
	uint64_t
		line; /* of the first difference, from 1: the expected text's, or the output's where it goes on too long */
	struct compare_excerpt expected, got; /* what stands there; exact: with its newline */
};

/* want stays the caller's, and must stay until the end. */
void compare_init(struct compare *c, const struct compare_rule *r, const void *want, size_t len);
void compare_feed(struct compare *c, const void *bytes, size_t len);
/* Bytes of the output are missing here: whatever they were, it cannot be the same. */
void compare_gap(struct compare *c);
/* The output is complete. true: it is the same; else line, expected and got say where not. */
bool compare_end(struct compare *c);

#endif
