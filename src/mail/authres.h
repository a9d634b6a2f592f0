/*
 * mail/authres - the Authentication-Results field                              RFC 8601, RFC 8616
 *
 * Reading: what stands behind the colon, folded or not, comments anywhere; one result after the
 * other, each bounded.  Values are taken as people write them, too: unquoted where they should be
 * quoted.  Writing: folded at AUTHRES_LINE_MAX where that is possible, values cleaned and quoted
 * where they must be, so that no value of a stranger can say more than a value.
 */
#ifndef MAIL_AUTHRES_H
#define MAIL_AUTHRES_H

#include "base/buf.h"

#define AUTHRES_WORD_MAX 64       /* of a method, a result, the parts of a property's name */
#define AUTHRES_ID_MAX 256        /* of the name of the server that judged */
#define AUTHRES_VALUE_MAX 400     /* quoted, it fits a line of a message */
#define AUTHRES_PROPERTIES_MAX 16 /* of one result; more are ignored */
#define AUTHRES_LINE_MAX 78

/* --- reading --- */

struct authres_property {
	char type[AUTHRES_WORD_MAX], name[AUTHRES_WORD_MAX]; /* "smtp", "mailfrom" */
	char value[AUTHRES_VALUE_MAX];
};

struct authres_result {
	char method[AUTHRES_WORD_MAX], result[AUTHRES_WORD_MAX]; /* in lower case */
	char reason[AUTHRES_VALUE_MAX];
	struct authres_property properties[AUTHRES_PROPERTIES_MAX];
	size_t count;
};

struct authres {
	char id[AUTHRES_ID_MAX];
	str rest; /* for authres_next */
};

enum authres_step { AUTHRES_RESULT, AUTHRES_END, AUTHRES_BAD };

/* False: it does not begin with a name and a known version. */
bool authres_open(str body, struct authres *a) MUST_USE;
enum authres_step authres_next(struct authres *a, struct authres_result *r) MUST_USE;

/* Must a field of this body go, since it claims to be ours (RFC 8601 section 5)?  What cannot be
 * read might be read so by others, and goes as well.  Case, a last dot and the form of an
 * international name make no difference. */
bool authres_claims(str body, str id) MUST_USE;

/* --- writing --- */

struct authres_writer {
	struct buf *out;
	bool utf8; /* the message is one of SMTPUTF8; else other bytes than ASCII become '?' */
	bool full; /* out has reached its limit, the field is not whole */
	bool any;  /* a result was written */
	size_t column;
};

/* The field with its name and the CRLF at its end; method, result, type and name are our words. */
void authres_begin(struct authres_writer *w, struct buf *out, str id, bool utf8);
void authres_add(struct authres_writer *w, str method, str result);
void authres_reason(struct authres_writer *w, str text);
void authres_property(struct authres_writer *w, str type, str name, str value);
bool authres_end(struct authres_writer *w) MUST_USE; /* "none" where nothing was added; not full */

#endif
