/*
 * base/regex - Perl's regular expressions, with a budget                          pcre2(3)
 *
 * The administrator writes the expression, a stranger writes what it is tried on: some pairs of the
 * two take for ever.  So a match counts its steps, and stops when it has had all that it may have.
 * Whoever matches one stranger's text many times gives all of these matches one budget.
 *
 * A compiled expression may be used by several threads.
 */
#ifndef BASE_REGEX_H
#define BASE_REGEX_H

#include "base/arena.h"
#include "base/fail.h"

struct regex; /* opaque */

enum {
	REGEX_CASE = 1,     /* upper and lower case differ */
	REGEX_LINES = 2,    /* ^ and $ match at line ends inside the text, too */
	REGEX_DOT_LINE = 4, /* . does not match a line end */
	REGEX_EXTENDED = 8, /* white space and comments in the expression say nothing */
	REGEX_ANCHORED = 16,
	REGEX_DOLLAR_END = 32, /* $ does not match before a last line end */
	REGEX_LAZY = 64,       /* greediness is inverted */
};

#define REGEX_PATTERN_MAX 16384
#define REGEX_STEPS_MAX 1000000 /* of one match: some milliseconds */
#define REGEX_GROUPS_MAX 100

/* Null: *why.text says what is wrong and *offset where in the pattern. */
struct regex *regex_new(str pattern, unsigned flags, size_t *offset, struct fail *why) MUST_USE;
void regex_free(struct regex *r); /* null is allowed */
unsigned regex_groups(const struct regex *r) MUST_USE;

/* What a match may cost still; it is lessened by what each costs, in steps. */
struct regex_budget {
	uint64_t steps;
};

/* The groups of the last match; zero it before the first one, free it after the last. */
struct regex_match {
	void *data;                   /* its own */
	str groups[REGEX_GROUPS_MAX]; /* 0 is the whole; of the text; "" that had no part in it */
	unsigned count;
};

enum regex_end {
	REGEX_NONE,
	REGEX_FOUND,
	REGEX_COSTLY, /* it was given up: the budget, or REGEX_STEPS_MAX, is exhausted */
};

enum regex_end regex_find(const struct regex *r, str text, struct regex_budget *budget,
	struct regex_match *match) MUST_USE;
void regex_match_free(struct regex_match *match);

#endif
