/*
 * sender/hostlist - opendkim's lists of hosts: InternalHosts, PeerList       opendkim.conf(5)
 *
 * One entry a line: a host's name, ".domain" for all names below it, an address or a network
 * ("192.168.0.0/24"; brackets around an address are allowed; IPv4 mapped into IPv6 is the IPv4).
 * "!" before an entry makes it an exception.  Names are looked at before addresses, and the more
 * precise entry decides; of two that are equally precise, the exception.
 *
 * "localhost" is every loopback address and nothing else, whatever names were found.
 */
#ifndef SENDER_HOSTLIST_H
#define SENDER_HOSTLIST_H

#include "base/fail.h"
#include "base/ip.h"

struct hostlist;

/* Both are copied.  Null: *why is "file:line:column: ...". */
struct hostlist *hostlist_read(str file, str text, struct fail *why) MUST_USE;
void hostlist_free(struct hostlist *l); /* null is allowed */

str hostlist_file(const struct hostlist *l) MUST_USE;

/* name: the client's, if it is verified, else "".  *line: of the entry that decided, 0 where none
 * matches. */
bool hostlist_has(
	const struct hostlist *l, const struct ip *client, str name, unsigned *line) MUST_USE;

#endif
