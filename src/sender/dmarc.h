/*
 * sender/dmarc - does the author's domain stand for this message? as a machine            RFC 9989
 *
 * Sans-IO: it asks for records with tickets, once SPF and DKIM have been judged, and ends in a
 * verdict.  The policy, and where an organization ends, are found by walking up the tree of names
 * (section 4.10), at most DMARC_WALK_MAX names a walk, which are asked for at once; there is no
 *list of public suffixes.  Only identifiers at or below the author's organization are walked from:
 *no other can be aligned.
 *
 *	none       there is no policy, or one that nobody understands
 *	pass       an identifier that passed is aligned with the author's domain
 *	fail       none is
 *	temperror  none is that is known, and something could not be looked up or judged now
 *	permerror  there is not exactly one author's domain
 */
#ifndef SENDER_DMARC_H
#define SENDER_DMARC_H

#include "base/fail.h"
#include "dns/record.h"
#include "sender/dmarc_record.h"

#define DMARC_WALK_MAX 8
#define DMARC_IDENTIFIERS_MAX 10 /* more are not looked at */
#define DMARC_QUESTIONS_MAX ((1 + DMARC_IDENTIFIERS_MAX) * DMARC_WALK_MAX + 1)
#define DMARC_OPEN_MAX DMARC_WALK_MAX /* questions that wait for answers at one time */
#define DMARC_RECORD_MAX 4096         /* octets; a longer one is none */
#define DMARC_MS_MAX 20000            /* from dmarc_new to the verdict; then it is a temperror */

struct dmarc;

enum dmarc_result { DMARC_NONE, DMARC_PASS, DMARC_FAIL, DMARC_TEMPERROR, DMARC_PERMERROR };
enum dmarc_answer { DMARC_FOUND, DMARC_NO_NAME, DMARC_NO_DATA, DMARC_TROUBLE };

/* What SPF or a signature says. */
struct dmarc_identifier {
	bool dkim; /* else SPF, of MAIL FROM, or of HELO where that is empty */
	bool passed;
	bool unknown; /* a temperror */
	str domain;
};

/* Strings are copied.  from: the domains of all addresses in From (sender/author). */
struct dmarc_request {
	const char *fault; /* not null: From cannot be used, and why; a permerror */
	const str *from;
	size_t from_count;
	const struct dmarc_identifier *identifiers;
	size_t identifier_count;
	int64_t now_ms;
};

struct dmarc_act {
	enum {
		DMARC_WAIT, /* for the answers that were asked for */
		DMARC_ASK,  /* look up name and type, then dmarc_answer(ticket) */
		DMARC_DONE, /* dmarc_verdict */
	} kind;
	str name; /* valid while the machine lives */
	enum dns_type type;
	uint32_t ticket;
};

struct dmarc_verdict {
	enum dmarc_result result;
	char domain[DNS_NAME_MAX + 1]; /* the author's, in ASCII; "" if there is not one */
	char organization[DNS_NAME_MAX +
			  1];      /* where that ends; the domain itself where no policy is */
	const char *policy_domain; /* whose record it is; "" for none */
	str text;                  /* the record, as written */
	struct dmarc_record record;
	enum dmarc_policy asked;  /* by the record, for this domain, if the message fails */
	enum dmarc_policy policy; /* the same, one level lower where its owner only tries (t=y) */
	bool inexistent;          /* the author's domain does not exist: np= counts */
	bool spf_aligned, dkim_aligned;
	bool aligned[DMARC_IDENTIFIERS_MAX]; /* by the index in the request */
	struct fail why;                     /* of a temperror or permerror, and of a fail */
	unsigned questions;
};

struct dmarc *dmarc_new(const struct dmarc_request *request) MUST_USE;
void dmarc_free(struct dmarc *d); /* null is allowed */

struct dmarc_act dmarc_next(struct dmarc *d) MUST_USE; /* until WAIT or DONE */

/* records: borrowed for this call, null unless DMARC_FOUND.  A ticket that is not open is dropped.
 */
void dmarc_answer(struct dmarc *d, uint32_t ticket, enum dmarc_answer answer,
	const struct dns_records *records);

/* At the deadline what is still open becomes trouble. */
void dmarc_tick(struct dmarc *d, int64_t now_ms);
int64_t dmarc_deadline_ms(const struct dmarc *d) MUST_USE; /* INT64_MAX after DMARC_DONE */

const struct dmarc_verdict *dmarc_verdict(const struct dmarc *d) MUST_USE; /* after DMARC_DONE */
const char *dmarc_result_name(enum dmarc_result result) MUST_USE;          /* "pass" and so on */

#endif
