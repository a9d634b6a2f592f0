/*
 * sender/dmarc_fake - for tests: a judgement against a zone, its answers in any order
 */
#ifndef SENDER_DMARC_FAKE_H
#define SENDER_DMARC_FAKE_H

#include "base/prng.h"
#include "dns/zone.h"
#include "sender/dmarc.h"

/* Answer until it is done or answers_max were given; which open question is answered next is r's
 * choice.  Every answer is given twice, and some are given before they are due: these must find no
 * taker.  True: it is done. */
bool dmarc_fake_run(struct dmarc *d, const struct dns_zone *zone, struct prng *r,
	unsigned answers_max) MUST_USE;

#endif
