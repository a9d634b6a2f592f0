/*
 * test/sim/disguise - clients behind a proxy that says who they are, and those who only say so
 *
 * PROXY headers (1 and 2), XCLIENT and XFORWARD, from the addresses that disguise_conf names and
 * from others.  What is decided about a client goes by the address that a named proxy has told, and
 * by no other: of liars nothing may be believed (P3).
 */
#ifndef TEST_SIM_DISGUISE_H
#define TEST_SIM_DISGUISE_H

#include "base/buf.h"
#include "base/ip.h"

enum disguise_kind {
	DISGUISE_NONE,
	DISGUISE_HEADER1,      /* a named proxy sends version 1 */
	DISGUISE_HEADER2,      /* or 2 */
	DISGUISE_LOCAL,        /* or 2, and speaks for itself */
	DISGUISE_XCLIENT,      /* a named proxy says XCLIENT */
	DISGUISE_LOGIN,        /* and that he has logged in */
	DISGUISE_NAMELESS,     /* of a friend, and then of somebody who has no address */
	DISGUISE_XFORWARD,     /* a filter tells of a client, for the log */
	DISGUISE_FALSE_HEADER, /* somebody else lies */
	DISGUISE_FALSE_XCLIENT,
	DISGUISE_KINDS,
};

struct disguise {
	enum disguise_kind kind;
	struct ip from;   /* where the connection comes from */
	struct ip client; /* who must be taken for the client */
	struct ip told;   /* what is said of him */
	bool trusted;     /* he may send anywhere */
};

/* Where the proxies are: words of the listener, and of the configuration. */
#define DISGUISE_LISTENER "proxy-protocol 10.0.3.0/29"
#define DISGUISE_CONF "xclient-hosts 10.0.3.8/29\nxforward-hosts 10.0.3.16/29\n"

/* trusted: who is behind it, if it is believed. */
void disguise_make(struct disguise *d, bool trusted);

bool disguise_has_header(const struct disguise *d);
void disguise_header(const struct disguise *d, struct buf *out); /* in front of everything */
unsigned disguise_commands(const struct disguise *d);            /* so many lines, */
void disguise_command(const struct disguise *d, bool last, struct buf *out);
int disguise_reply(const struct disguise *d); /* and what each must hear */

#endif
