/*
 * route/lookup_text - the logical lines of a table's file           access(5), pcre_table(5)
 *
 * A line that begins with a blank goes on with the one before it; empty lines and comments, whose
 * first sign is '#', say nothing.
 */
#ifndef ROUTE_LOOKUP_TEXT_H
#define ROUTE_LOOKUP_TEXT_H

#include "base/arena.h"
#include "base/fail.h"
#include "conf/conf.h"

/* Set text and file, zero the rest. */
struct lookup_text {
	str text; /* not yet read */
	str file;
	uint32_t line; /* of the last one that was read */
};

/* One logical line, and where it begins; continued ones are put together in the arena.  False:
 * there is none left. */
struct lookup_line {
	str text;
	str file;
	uint32_t line;
};
bool lookup_text_next(struct lookup_text *t, struct arena *a, struct lookup_line *line) MUST_USE;

/* "file:line:column: ...", column from 1.  Returns false. */
bool lookup_text_wrong(const struct lookup_line *line, size_t column, struct fail *why,
	const char *format, ...) PRINTF_LIKE(4, 5);

#endif
