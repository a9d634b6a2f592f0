/*
 * sender/spf - may this host speak for this domain? as a machine                        RFC 7208
 *
 * check_host() without I/O: it asks for records with tickets and ends in a verdict.  What may be
 * asked at once is asked at once; the verdict does not depend on the order in which answers come.
 * The record and all that it leads to are a stranger's words, and cost a named amount at most.
 * Nothing streams, so of the five verbs of a machine there is no feed.
 *
 * Where the RFC leaves a choice: a name that cannot be asked for does not match (section 4.8);
 * look-ups of the client's own PTR names are no void look-ups, since whoever owns the address, not
 * the domain, could break the record with them; among the hosts of an MX or PTR answer a match
 * counts before an answer that failed or found nothing.
 */
#ifndef SENDER_SPF_H
#define SENDER_SPF_H

#include "base/fail.h"
#include "base/ip.h"
#include "dns/record.h"
#include "sender/spf_macro.h"

#define SPF_LOOKUPS_MAX 10 /* section 4.6.4: terms that look something up */
#define SPF_VOIDS_MAX 2    /* look-ups that find nothing */
#define SPF_HOSTS_MAX 10   /* of an MX answer, more are a permerror; of PTR, more are ignored */
#define SPF_OCTETS_MAX (160 << 10) /* of memory, in all */
#define SPF_MS_MAX 20000           /* from spf_new to the verdict; then it is a temperror */

/* The first record; each term with its hosts; the client's own names; the explanation. */
#define SPF_QUESTIONS_MAX (1 + SPF_LOOKUPS_MAX * (1 + SPF_HOSTS_MAX) + (1 + SPF_HOSTS_MAX) + 1)

struct spf;

enum spf_result {
	SPF_NONE,
	SPF_NEUTRAL,
	SPF_PASS,
	SPF_FAIL,
	SPF_SOFTFAIL,
	SPF_TEMPERROR,
	SPF_PERMERROR,
};

enum spf_answer { SPF_FOUND, SPF_NO_NAME, SPF_NO_DATA, SPF_TROUBLE };

/* Strings are copied.  An empty sender is judged as postmaster@helo (section 2.4), which is also
 * how the HELO identity itself is judged. */
struct spf_request {
	struct ip client; /* an IPv4 address mapped into IPv6 must have been read as IPv4 */
	str helo, sender;
	str receiver;   /* our own name, for %{r}; "unknown" where it is empty */
	int64_t wall_s; /* since 1970, for %{t} */
	int64_t now_ms; /* of the clock that spf_tick is told */
};

struct spf_act {
	enum {
		SPF_WAIT, /* for the answers that were asked for */
		SPF_ASK,  /* look up name and type, then spf_answer(ticket) */
		SPF_DONE, /* spf_verdict */
	} kind;
	str name; /* valid while the machine lives */
	enum dns_type type;
	uint32_t ticket;
};

/* Strings live as long as the machine.  What a record says in them is visible ASCII: one with other
 * bytes in its terms is a permerror, whose text is cleaned. */
struct spf_verdict {
	enum spf_result result;
	str domain;    /* whose record decided, after redirects; what was asked for first if none */
	str record;    /* that record; "" where there is none, or not exactly one */
	str mechanism; /* its term that decided, as written; "" for none and for the default */
	str inner;     /* where that is an include: the term inside that passed or went wrong, */
	str inner_domain;                   /* and whose it is */
	char explanation[SPF_TEXT_MAX + 1]; /* of SPF_FAIL, cleaned; "" where the domain has none */
	struct fail why;                    /* of SPF_TEMPERROR and SPF_PERMERROR */
	unsigned lookups, voids;            /* that count, of the limits above */
	unsigned questions;                 /* that were asked in all */
};

struct spf *spf_new(const struct spf_request *request) MUST_USE;
void spf_free(struct spf *s); /* null is allowed */

struct spf_act spf_next(struct spf *s) MUST_USE; /* until WAIT or DONE */

/* records: borrowed for this call, null unless SPF_FOUND.  A ticket that is not open is dropped. */
void spf_answer(
	struct spf *s, uint32_t ticket, enum spf_answer answer, const struct dns_records *records);

/* At the deadline what is still open becomes a temperror. */
void spf_tick(struct spf *s, int64_t now_ms);
int64_t spf_deadline_ms(const struct spf *s) MUST_USE; /* INT64_MAX after SPF_DONE */

const struct spf_verdict *spf_verdict(const struct spf *s) MUST_USE; /* after SPF_DONE */
const char *spf_result_name(enum spf_result result) MUST_USE;        /* "pass" and so on */

#endif
