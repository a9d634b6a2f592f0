/*
 * sender/spf_round - the look-ups that a check waits for at one time     RFC 7208 section 4.6.4
 *
 * Begun, filled with questions, and over when the last of them is answered; then it says what they
 * found, which does not depend on the order in which the answers came.  Tickets go on from round to
 * round, so an answer to an older one finds no taker.
 */
#ifndef SENDER_SPF_ROUND_H
#define SENDER_SPF_ROUND_H

#include "base/arena.h"
#include "sender/spf.h"

struct spf_question {
	str name;
	enum dns_type type;
	bool asked, answered;
	enum spf_answer answer; /* SPF_FOUND: at least one record of the type */
	bool match;             /* an address of the client's network is among them */
};

/* Hosts of an MX answer, or names of the client. */
struct spf_names {
	str items[SPF_HOSTS_MAX];
	size_t count;
	bool more; /* there were more */
};

struct spf_round {
	struct ip client;
	unsigned bits; /* the prefix length that addresses are compared with */
	struct spf_question questions[SPF_HOSTS_MAX];
	size_t count, open;
	uint32_t ticket; /* of the first question */

	struct spf_names names; /* out of MX and PTR records */
	bool records_only;      /* of texts, those that claim to be SPF records */
	str text;               /* the first that counts */
	size_t text_count;
};

/* Forget the questions before. */
void spf_round_begin(struct spf_round *r, unsigned bits);

/* There is room for SPF_HOSTS_MAX.  False: the arena is full. */
bool spf_round_ask(struct arena *a, struct spf_round *r, str name, enum dns_type type) MUST_USE;

/* The next question to put to the DNS; false when all were put. */
bool spf_round_next(struct spf_round *r, struct spf_act *act) MUST_USE;

/* False: the arena is full. */
bool spf_round_answer(struct arena *a, struct spf_round *r, uint32_t ticket, enum spf_answer answer,
	const struct dns_records *records) MUST_USE;

#endif
