/*
 * sender/dkim_publish - a public key as a line of a zone file, as opendkim-genkey(8) writes it
 */
#ifndef SENDER_DKIM_PUBLISH_H
#define SENDER_DKIM_PUBLISH_H

#include "sender/dkim_secret.h"

struct dkim_publish {
	str domain, selector;
	str hashes; /* h=, "" for none */
	str note;   /* n=, "" for none */
	bool append_domain, mail_only, no_subdomains, testing;
};

/* False: *why says which word cannot stand in a record. */
bool dkim_publish_check(const struct dkim_publish *p, struct fail *why) MUST_USE;

/* Append it; strings of 250 octets, of the 255 that DNS allows.  The buf has no limit. */
void dkim_publish_zone(
	const struct dkim_publish *p, const struct dkim_secret *secret, struct buf *to);

#endif
