/*
 * world/resolve - names into records, asynchronously
 *
 * One resolver for the whole daemon, on a loop of its own, with one cache (libunbound), or a zone
 * file that answers everything.  Each question gets exactly one answer, on the loop that asked, at
 * the latest after RESOLVE_MS_MAX; it is never answered from inside resolve_ask.
 */
#ifndef WORLD_RESOLVE_H
#define WORLD_RESOLVE_H

#include "base/fail.h"
#include "base/list.h"
#include "dns/record.h"
#include "world/loop.h"

#define RESOLVE_MS_MAX 30000
#define RESOLVE_OPEN_MAX 2000 /* different questions at once; what is beyond is TROUBLE */

struct resolver;

enum resolve_outcome {
	RESOLVE_FOUND,   /* records holds at least one */
	RESOLVE_NO_NAME, /* NXDOMAIN */
	RESOLVE_NO_DATA, /* the name exists, the type does not */
	RESOLVE_TROUBLE, /* timeout, SERVFAIL, bogus: ask again later */
};

enum resolve_trust { RESOLVE_INSECURE, RESOLVE_SECURE, RESOLVE_BOGUS };

struct resolve_query {
	struct loop_task task; /* these three are the resolver's, until answered */
	struct list link;
	struct resolver *resolver;
	struct loop *loop; /* where answered is called */
	void (*answered)(struct resolve_query *q);
	char name[DNS_NAME_MAX + 1]; /* presentation form, ASCII, without the last dot */
	enum dns_type type;

	enum resolve_outcome outcome; /* the answer: */
	enum resolve_trust trust;
	struct dns_records *records; /* the asker's to free: dns_records_free; null unless FOUND */
	char trouble[96];            /* why RESOLVE_TROUBLE */
};

/* What the resolver words of the configuration say; all zero: the system's resolv.conf. */
struct resolve_setup {
	const char *zone_file;          /* answer from this file only */
	const struct endpoint *servers; /* forward to these */
	size_t server_count;
	const char *anchor_file; /* a trust anchor, for DNSSEC validation */
};

struct resolver *resolve_open(const struct resolve_setup *setup, struct fail *why) MUST_USE;
void resolve_close(struct resolver *r); /* open questions are answered RESOLVE_TROUBLE first */

/* Ask.  q must live until it is answered.  There is no cancel: who loses interest keeps q alive
 * until then.  A name that is too long does not exist. */
void resolve_query_init(struct resolve_query *q, struct loop *loop, str name, enum dns_type type,
	void (*answered)(struct resolve_query *q));
void resolve_ask(struct resolver *r, struct resolve_query *q);

#endif
