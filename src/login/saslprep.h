/*
 * login/saslprep - names and passwords in the form in which they are compared     RFC 4013
 *
 * What looks alike to the one who types is made alike (Unicode form KC, odd spaces), what must not
 * stand in a name or a password (control characters, unassigned code points, text that runs both
 * ways) is refused.  libidn does it.
 */
#ifndef LOGIN_SASLPREP_H
#define LOGIN_SASLPREP_H

#include "base/buf.h"

#define SASLPREP_OCTETS_MAX 1024 /* of a name or a password, before */

/* Append the prepared form of text, which must be UTF-8 without NUL.  stored: of what is written
 * into a table, where unassigned code points are refused (RFC 3454 section 7).  False: it is not
 * allowed, or nothing is left of it. */
bool saslprep(str text, bool stored, struct buf *to) MUST_USE;

/* The form of a name in tables: prepared, ASCII letters in lower case, as Dovecot keeps them by
 * default; it has no colon and no control character.  False: it is none. */
bool saslprep_name(str text, bool stored, struct buf *to) MUST_USE;

/* Overwrite a secret, and free it. */
void saslprep_wipe(struct buf *secret);

#endif
