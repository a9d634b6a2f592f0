/*
 * smtp/xclient - what a proxy or a content filter says of the real client
 *
 * XCLIENT and XFORWARD, as Postfix describes them (XCLIENT_README, XFORWARD_README):
 * NAME=VALUE ..., each value in xtext, [UNAVAILABLE] and [TEMPUNAVAIL] where there is none.  Only
 * named addresses may say either.
 */
#ifndef SMTP_XCLIENT_H
#define SMTP_XCLIENT_H

#include "base/buf.h"
#include "base/fail.h"
#include "base/ip.h"

#define XCLIENT_VALUE_MAX 255

enum {
	XCLIENT_ADDR = 1,
	XCLIENT_PORT = 2,
	XCLIENT_HELO = 4,
	XCLIENT_LOGIN = 8, /* "" in it: he has not logged in */
	XCLIENT_PROTO = 16,
	XCLIENT_IGNORED = 32, /* an attribute that tells us nothing: NAME, IDENT, SOURCE... */
};

struct xclient {
	unsigned said;
	struct ip addr; /* family 0: unavailable */
	uint16_t port;
	bool extended; /* PROTO: it was EHLO */
	char helo[XCLIENT_VALUE_MAX + 1], login[XCLIENT_VALUE_MAX + 1];
};

#define XCLIENT_OFFER "XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT"
#define XCLIENT_FORWARD_OFFER "XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE"

/* arg: what follows the command.  forward: it was XFORWARD.  Adds to what x has.  False: 501. */
bool xclient_parse(str arg, bool forward, struct xclient *x, struct fail *why) MUST_USE;

#endif
