/*
 * sender/iprev - does the name of this address lead back to it? as a machine   RFC 8601 section 3
 *
 * The PTR records of the client's address are asked for, then the addresses of the names that they
 * give, of IPREV_NAMES_MAX of them at most, all at once.  Nothing streams, and the resolver answers
 * in bounded time, so of the five verbs of a machine only answer and next are there.
 *
 *	pass       a name leads back to the address; the first such one is iprev.name
 *	fail       there are names, and none does
 *	permerror  there is no name
 *	temperror  what could not be looked up might have passed
 */
#ifndef SENDER_IPREV_H
#define SENDER_IPREV_H

#include "dns/record.h"

#define IPREV_NAMES_MAX 10

enum iprev_result { IPREV_PASS, IPREV_FAIL, IPREV_TEMPERROR, IPREV_PERMERROR };
enum iprev_answer { IPREV_FOUND, IPREV_NOTHING, IPREV_TROUBLE };

struct iprev {
	enum iprev_result result;    /* after DONE */
	char name[DNS_NAME_MAX + 1]; /* the proven one; "" where none is */

	struct ip client; /* its own: */
	char reverse[DNS_NAME_MAX + 1];
	char names[IPREV_NAMES_MAX][DNS_NAME_MAX + 1];
	bool matches[IPREV_NAMES_MAX];
	size_t count, asked, open; /* names */
	bool begun, known, trouble;
};

struct iprev_act {
	enum {
		IPREV_WAIT, /* for the answers that were asked for */
		IPREV_ASK,  /* look up name and type, then iprev_answer(ticket) */
		IPREV_DONE,
	} kind;
	str name; /* valid while the machine lives */
	enum dns_type type;
	uint32_t ticket;
};

void iprev_init(struct iprev *v, const struct ip *client);
struct iprev_act iprev_next(struct iprev *v) MUST_USE; /* until WAIT or DONE */

/* records: borrowed for this call, null unless FOUND. */
void iprev_answer(struct iprev *v, uint32_t ticket, enum iprev_answer answer,
	const struct dns_records *records);

const char *iprev_result_name(enum iprev_result result) MUST_USE; /* "pass" and so on */

#endif
