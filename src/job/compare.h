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
/* "exact", "trailing", "tokens", "float:ABS,REL"; -1 EINVAL, and e says what would be right. */
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
	size_t at;	/* bytes of the expected text that the output has matched */
	uint64_t lines; /* newlines of the output so far */
	/* trailing: the white space since `at`, which counts only if the line goes on */
	size_t space; /* the position in the expected text after it */
	bool odd;     /* it differs from the expected text */
	bool past;    /* the output has a newline after the end of the expected text */
	/* tokens, float: the current word of the output */
	bool in_word, equal;
	size_t word, word_end;	     /* the expected word */
	size_t word_len;	     /* bytes of the output's word so far */
	size_t odd_at;		     /* where the two words differ, unless equal */
	char number[COMPARE_NUMBER]; /* the beginning of the output's word */
	bool open;		     /* got is being filled */
	/* the result */
	bool differs;
	uint64_t line; /* of the first difference, from 1: in the expected text, or in an output that is longer */
	struct compare_excerpt expected, got; /* the text there; exact: with its newline */
};

/* Borrows want, which must stay valid until compare_end. */
void compare_init(struct compare *c, const struct compare_rule *r, const void *want, size_t len);
void compare_feed(struct compare *c, const void *bytes, size_t len);
/* Bytes of the output are missing here: the output counts as different. */
void compare_gap(struct compare *c);
/* The output is complete. Returns whether it is as expected; if not, line, expected and got describe the difference. */
bool compare_end(struct compare *c);

#endif
