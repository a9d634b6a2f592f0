/*
 * sender/spf_fake - for tests: a check against a zone, its answers in any order
 */
#ifndef SENDER_SPF_FAKE_H
#define SENDER_SPF_FAKE_H

#include "base/prng.h"
#include "dns/zone.h"
#include "sender/spf.h"

/* Answer questions until the check is done or answers_max were given; which of several open ones is
 * answered next is r's choice.  Every answer is given twice, and some before they are due: these
 * must find no taker.  True: it is done. */
bool spf_fake_run(
	struct spf *s, const struct dns_zone *zone, struct prng *r, unsigned answers_max) MUST_USE;

#endif
