/*
 * base/fail - why something did not work, ready for a reply, a bounce and the log
 *
 * The cause is written where it happens (fail_with), context is added on the way up (fail_while),
 * and it is logged once, where it is handled.  Enhanced status codes are RFC 3463's.
 */
#ifndef BASE_FAIL_H
#define BASE_FAIL_H

#include "base/str.h"

enum fail_kind {
	FAIL_NONE, /* nothing failed: a zeroed struct fail */
	FAIL_TEMPORARY,
	FAIL_PERMANENT,
};

#define FAIL_TEXT_MAX 400
#define FAIL_ORIGIN_MAX 120

struct fail {
	enum fail_kind kind;
	int code;                     /* SMTP reply code, 0: 451 or 550 after the kind */
	char status[12];              /* "5.1.1" */
	char text[FAIL_TEXT_MAX];     /* one line, cleaned of control characters */
	char origin[FAIL_ORIGIN_MAX]; /* the configuration line that decided, "file:line", or "" */
	const char *limit;            /* the word of the limit that it set; null: none */
};

/* Both return false, so that a caller can say: return fail_with(why, ...).  why may be null. */
bool fail_with(struct fail *why, enum fail_kind kind, const char *status, const char *format, ...)
	PRINTF_LIKE(4, 5);
bool fail_while(struct fail *why, const char *format, ...) PRINTF_LIKE(2, 3);

/* As fail_with, with the SMTP code too. */
bool fail_reply(struct fail *why, int code, const char *status, const char *format, ...)
	PRINTF_LIKE(4, 5);

int fail_code(const struct fail *why) MUST_USE; /* the SMTP code that says this */

/* A permanent failure becomes a temporary one, in the same words. */
void fail_soften(struct fail *why);

/* Text from outside is cleaned once, here: control characters and bytes that are not UTF-8 become
 * '?', and the text is cut to size - 1.  Returns to. */
char *fail_clean(str from, char *to, size_t size);

#endif
