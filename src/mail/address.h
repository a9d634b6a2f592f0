/*
 * mail/address - a mailbox address                RFC 5321 section 4.1.2, RFC 6531 section 3.3
 *
 * An address is kept as the bytes it came in, without angle brackets; the null sender is empty.
 * The domain has been checked (dns/name) but keeps its form; address_key folds it for look-ups.
 *
 * Local parts longer than the 64 octets of RFC 5321 section 4.5.3.1.1 are taken: SRS and VERP make
 * them every day, and the section itself asks for no such limit where none is needed.  What
 * bounds an address is the path that it travels in.
 */
#ifndef MAIL_ADDRESS_H
#define MAIL_ADDRESS_H

#include "base/arena.h"
#include "base/fail.h"
#include "base/str.h"

#define ADDRESS_MAX 254 /* a path of 256 (RFC 5321 section 4.5.3.1.3) without its brackets */

/* local@domain, local a dot-atom or a quoted string, domain a name (IDN too) or an address literal;
 * no comments, no folding, nothing obsolete.  utf8: bytes above 127 are allowed (SMTPUTF8).  False:
 * *why has the status of a recipient's fault, 5.1.3, and a text; the caller may set another. */
bool address_parse(str s, bool utf8, struct fail *why) MUST_USE;

str address_local(str address);  /* before the last @, as written; all of it when there is none */
str address_domain(str address); /* behind the last @; "" when there is none */

/* The form that all tables use: local part unquoted where it needs no quotes and in lower case
 * (ASCII), domain in its ASCII form (IDN to xn--) and lower case; an address without a domain
 * (postmaster, a key of aliases) has only the first, the null sender is "".  to holds the result,
 * which is its own key.  False: it is no address. */
#define ADDRESS_KEY_MAX 512
bool address_key(str address, char to[ADDRESS_KEY_MAX], str *key) MUST_USE;

/* No SMTPUTF8 needed to send to it: an ASCII local part, and a domain that is or can be made
 * ASCII. */
bool address_ascii(str address) MUST_USE;

#endif
