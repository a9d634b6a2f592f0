/*
 * route/hop - from a next hop to the addresses to try, as a machine
 *
 * RFC 5321 section 5.1, RFC 7505 (null MX), RFC 3974 and 6724 in spirit: MX hosts by preference,
 * random among equals; without MX the domain's own address; both families.  Hosts are looked up one
 * preference at a time, when the better ones have failed.  Where one of our own endpoints appears
 * among the hosts, it and all that are not better are dropped: mail must not come back to us.
 *
 * Sans-IO: it asks for look-ups with tickets, and says which address is next.
 */
#ifndef ROUTE_HOP_H
#define ROUTE_HOP_H

#include "base/arena.h"
#include "base/fail.h"
#include "base/ip.h"
#include "base/prng.h"
#include "dns/record.h"

#define HOP_HOSTS_MAX 20     /* of an MX answer; more are ignored */
#define HOP_ADDRESSES_MAX 40 /* tried for one delivery, in all */

struct hop;

enum hop_answer { HOP_FOUND, HOP_NO_NAME, HOP_NO_DATA, HOP_TROUBLE };

struct hop_act {
	enum {
		HOP_WAIT,   /* for the answers that were asked for */
		HOP_ASK,    /* look up name and type, then hop_answer(ticket) */
		HOP_TRY,    /* connect to address; then hop_next again if that fails */
		HOP_FAILED, /* none is left: *why */
	} kind;
	str name;
	enum dns_type type;
	uint32_t ticket;
	struct endpoint address;
	str host; /* TRY: the name of the host, for the log and for TLS; valid while the hop lives
		   */
};

/* Who we are, to be recognised among the hosts: our name, and where we listen. */
struct hop_self {
	str name;
	const struct endpoint *endpoints;
	size_t endpoint_count;
};

/* domain: ask its MX hosts; "[address]" is taken as it is.  self and r must outlive the hop. */
struct hop *hop_domain(
	str domain, uint16_t port, const struct hop_self *self, struct prng *r) MUST_USE;

/* A fixed host: a name (its A and AAAA), an address, or "unix:PATH". */
struct hop *hop_host(str host, uint16_t port) MUST_USE;
void hop_free(struct hop *h); /* null is allowed */

struct hop_act hop_next(struct hop *h) MUST_USE;

/* records: borrowed for this call. */
void hop_answer(
	struct hop *h, uint32_t ticket, enum hop_answer answer, const struct dns_records *records);

/* Why HOP_FAILED: temporary where a look-up was (4.4.3), permanent for null MX (5.1.10), no such
 * domain (5.1.2), a loop (5.4.6).  last: what the last address that was tried said, or null. */
const struct fail *hop_why(const struct hop *h);

#endif
