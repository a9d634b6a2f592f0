/*
 * sender/dkim_shown - which of our keys the DNS shows, and which of them sign
 *
 * A key is replaced without a gap: the new one's row stands before the old one's in the signing
 * table, and signs from the moment when its record is in the DNS; until then, the old one does.
 * That the record is of this key is tried, not compared: the signer signs, the record verifies.
 */
#ifndef SENDER_DKIM_SHOWN_H
#define SENDER_DKIM_SHOWN_H

#include "sender/dkim_sign.h"
#include "sender/dkim_verify.h"

enum dkim_shown {
	DKIM_SHOWN_UNKNOWN, /* it could not be looked up */
	DKIM_SHOWN_MISSING, /* there is no record */
	DKIM_SHOWN_OTHER,   /* there is, but not this key's, or one that nobody may use */
	DKIM_SHOWN_YES,
};
const char *dkim_shown_name(enum dkim_shown shown) MUST_USE; /* "unknown", "missing", ... */

/* What the answer to the look-up of the key's name says; records: null unless DKIM_FOUND.  *why
 * is set where it is not YES. */
enum dkim_shown dkim_shown_judge(const struct dkim_signer *signer, str domain, str selector,
	enum dkim_answer answer, const struct dns_records *records, const char **why) MUST_USE;

/* Of keys in the order of their rows, those that sign: of each algorithm the first one that is
 * shown; if none is, the last one, which is the oldest.  signs has room for count. */
void dkim_shown_choose(const enum dkim_algorithm *algorithms, const enum dkim_shown *shown,
	size_t count, bool *signs);

#endif
