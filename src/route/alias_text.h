/*
 * route/alias_text - the words of an alias file, one by one         aliases(5), virtual(5)
 *
 * Comments, continued lines, quotes and commas are understood here; what a name or a target means
 * is not.  Words are slices of the text, with their quotes.
 */
#ifndef ROUTE_ALIAS_TEXT_H
#define ROUTE_ALIAS_TEXT_H

#include "base/fail.h"
#include "base/str.h"

enum alias_text_form {
	ALIAS_TEXT_ALIASES, /* "name: target, target" */
	ALIAS_TEXT_VIRTUAL, /* "pattern target, target" */
	ALIAS_TEXT_INCLUDE, /* "target, target": the text of an :include: file */
	ALIAS_TEXT_FORWARD, /* the same: a .forward */
	ALIAS_TEXT_VALUE,   /* the same: the value of a table that was asked */
};

enum alias_text_word { ALIAS_TEXT_KEY, ALIAS_TEXT_TARGET, ALIAS_TEXT_END, ALIAS_TEXT_BAD };

/* Set text, file and form, zero the rest; then call alias_text_next until END or BAD. */
struct alias_text {
	str text; /* not yet read */
	str file;
	enum alias_text_form form;
	uint32_t line_number, column; /* of the word */
	str line;
	size_t at;        /* what of the line has been read */
	bool in_entry;    /* a line may continue it */
	bool needs_comma; /* before the next target */
};

enum alias_text_word alias_text_next(struct alias_text *t, str *word, struct fail *why) MUST_USE;

/* "file:line:column: ..." of the last word.  Returns false. */
bool alias_text_wrong(const struct alias_text *t, struct fail *why, const char *format, ...)
	PRINTF_LIKE(3, 4);

#endif
