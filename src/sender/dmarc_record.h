/*
 * sender/dmarc_record - a DMARC policy record as data          RFC 9989 sections 4.7, 4.8, 4.10.1
 *
 * What cannot be read in a record counts as not said; unknown tags are passed over, of a tag that
 * is there twice the first one counts.  Everything that is found borrows the text.
 */
#ifndef SENDER_DMARC_RECORD_H
#define SENDER_DMARC_RECORD_H

#include "base/str.h"

enum dmarc_policy { DMARC_POLICY_NONE, DMARC_POLICY_QUARANTINE, DMARC_POLICY_REJECT };
const char *dmarc_record_policy_name(enum dmarc_policy policy) MUST_USE; /* "none" and so on */

enum dmarc_psd { DMARC_PSD_UNKNOWN, DMARC_PSD_YES, DMARC_PSD_NO };

struct dmarc_record {
	bool usable; /* false: it says what nobody understands, and wants no reports: no DMARC */
	enum dmarc_policy p, sp, np; /* sp and np as they apply: p and sp where they are not said */
	bool has_sp, has_np;         /* they are said */
	bool strict_dkim, strict_spf;
	bool testing; /* t=y */
	enum dmarc_psd psd;
	str rua, ruf, fo; /* "" where they are not said, or no address in them can be used */
};

bool dmarc_record_is(str text) MUST_USE; /* it begins with v=DMARC1 */

/* text is a record. */
void dmarc_record_read(str text, struct dmarc_record *r);

#endif
