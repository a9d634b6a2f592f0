/*
 * mail/mime - fields, and the values of those of MIME             RFC 2045 sections 5 and 6
 *
 * Values come unfolded or folded, with comments or without.  What is malformed gives what stands
 * before the fault.
 */
#ifndef MAIL_MIME_H
#define MAIL_MIME_H

#include "base/str.h"

#define MIME_WORD_MAX 80 /* of a type or an encoding that we could know */

/* The name and the colon that begin a field (RFC 5322 section 2.2; blanks before the colon are an
 * old custom): *octets are theirs.  MORE: the line is too short to tell.  BAD: it is no field. */
enum scan mime_field(str line, str *name, size_t *octets) MUST_USE;

/* The first word of a value, "text/plain" or "8bit", in lower case, without comments and spaces; ""
 * when there is none or it is too long. */
str mime_word(str value, char to[MIME_WORD_MAX]);

/* A parameter of Content-Type, unquoted.  False: not there, empty, or longer than size. */
bool mime_parameter(str value, str name, char *to, size_t size, str *found) MUST_USE;

#endif
