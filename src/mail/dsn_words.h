/*
 * mail/dsn_words - what a report says to people, in their language
 *
 * One table a language; whoever adds one adds it here and in conf/rows_ways.h.  Texts are UTF-8,
 * and no line of them is a sentence about the other server unless the other server said something.
 */
#ifndef MAIL_DSN_WORDS_H
#define MAIL_DSN_WORDS_H

#include "base/str.h"

enum dsn_language { DSN_ENGLISH, DSN_FRENCH };

#define DSN_LANGUAGES 2 /* of enum dsn_language */
#define DSN_ACTIONS 5   /* of enum dsn_action */

struct dsn_words {
	const char *tag;                  /* RFC 5646, for Content-Language */
	const char *subject[DSN_ACTIONS]; /* in the form of a header field (RFC 2047) */
	const char *says[DSN_ACTIONS];    /* of one recipient */
	const char *gave_up;              /* failed, though the last reply was temporary */
	const char *system, *about, *queue_id;
	const char *you_wrote, *server, *server_says, *reason;
	const char *whole, *header, *help;
};

const struct dsn_words *dsn_words(enum dsn_language language);

/* What people can do about a status (RFC 3463); null: nothing is known.  ours: no peer said it. */
const char *dsn_words_advice(enum dsn_language language, str status, bool ours);

#endif
