/*
 * conf/builder - a configuration on its way from directives to a structure
 *
 * What all readers share: the arena, the errors found so far, what was written already and where.
 */
#ifndef CONF_BUILDER_H
#define CONF_BUILDER_H

#include "base/buf.h"
#include "base/map.h"
#include "conf/conf.h"

#define CONF_WORDS_MAX 400 /* rows of the schema */

struct conf_row;

struct conf_builder {
	struct conf *conf;
	struct arena *arena; /* conf's */
	struct buf *errors;  /* one a line; may be null */
	struct fail *why;    /* the first of them */
	size_t error_count;
	struct conf_origin seen[CONF_WORDS_MAX]; /* by row: where it was written; line 0: not yet */
	struct map names; /* "domain example.org": the origin of who has the name */
};

/* What a route or a mailbox says: a transport of its own, or the name of another. */
struct conf_way {
	struct conf_transport own; /* first: words of transports are read into it */
	struct conf_text named;    /* "" : its own */
};

/* "file:line:column: " and the text.  Returns false. */
bool conf_builder_error(struct conf_builder *b, const struct conf_origin *at, const char *format,
	...) PRINTF_LIKE(3, 4);

/* The same for what is written already. */
void conf_builder_report(struct conf_builder *b, const struct fail *why);

/* The name is this thing's from now on; false: another one has it, which has been reported. */
bool conf_builder_claim(
	struct conf_builder *b, const char *what, str name, const struct conf_word *word) MUST_USE;

/* "file:line:column" as errors name the other place. */
#define CONF_PLACE_TEXT_MAX 300
char *conf_builder_place(const struct conf_origin *at, char to[CONF_PLACE_TEXT_MAX]);

#endif
