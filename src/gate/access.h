/*
 * gate/access - the rules of access tables: who may send here?                      access(5)
 *
 * The tables of client, helo and sender are asked at MAIL, those of recipient at RCPT.  "accept"
 * ends the asking, and excuses from what else the gate would ask; it opens no relay (P3: gate/relay
 * is asked all the same).  Told as a story that may have to wait (route/asking).
 *
 * Keys are looked up as in access(5): an address as user@domain (without its sub-address, too,
 * where the domain is hosted), the domain, each parent domain, plain and with a dot in front, and
 * user@; a host name the same way; a client as its address, and then as its network by leaving off
 * the last numbers.  Expressions and networks see the whole only.
 */
#ifndef GATE_ACCESS_H
#define GATE_ACCESS_H

#include "base/ip.h"
#include "gate/verdict.h"
#include "route/asking.h"
#include "route/route.h"

#define ACCESS_PARENTS_MAX 10  /* of a domain; of a longer one, the shortest parents are asked */
#define ACCESS_DECISIONS_MAX 8 /* that are kept for the log */

struct access_facts {
	const struct ip *client;
	str helo, sender;
	str recipient; /* of access_rcpt */
};

/* A rule that has matched, or a table that has failed. */
struct access_decision {
	const char *what; /* "client", "helo", "sender", "recipient" */
	const struct conf_table *table;
	str key; /* that was found; lives as long as the asking */
	enum verdict_kind kind;
	str text;
	struct conf_origin at;
	bool failed;
	struct fail why; /* failed */
};

struct access_result {
	struct access_decision decisions[ACCESS_DECISIONS_MAX];
	size_t count;
	bool excused; /* accepted: no more questions */
	bool held, discarded;
	struct fail refusal; /* FAIL_NONE: it may come in */
};

/* Is there such a way for a filter, TRANSPORT:NEXTHOP? */
bool access_is_way(const struct router *r, str text, struct fail *why) MUST_USE;

/* False: a table must answer first (asking_wait), then it is to be told again.  What is given out
 * lives as long as the asking. */
bool access_mail(const struct router *r, struct asking *asking, const struct access_facts *facts,
	struct access_result *result) MUST_USE;
bool access_rcpt(const struct router *r, struct asking *asking, const struct access_facts *facts,
	struct access_result *result) MUST_USE;

#endif
