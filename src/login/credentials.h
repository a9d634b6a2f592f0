/*
 * login/credentials - whom we are at other servers: a file of names and passwords
 *
 * The format is that of Postfix's smtp_sasl_password_maps as text: HOST, [HOST], HOST:PORT,
 * [HOST]:PORT or *, blanks, NAME:PASSWORD; the password is the rest of the line.  The first line
 * that fits counts.
 */
#ifndef LOGIN_CREDENTIALS_H
#define LOGIN_CREDENTIALS_H

#include "base/fail.h"
#include "base/str.h"

#define CREDENTIALS_LINE_MAX 4096

struct credentials {
	str name, password; /* in the text */
};

/* Is every line of it right?  False: *why is "file:line: what is wrong". */
bool credentials_check(str file, str text, struct fail *why) MUST_USE;

/* For a server: the name of its host, and that of the next hop that led there, an address without
 * brackets.  False: *why. */
struct credentials_for {
	str host, nexthop;
	uint16_t port;
};
bool credentials_find(str file, str text, const struct credentials_for *whom,
	struct credentials *found, struct fail *why) MUST_USE;

#endif
