/*
 * gate/quarantine - how much mail of strangers waits, quarantined, until somebody looks
 *
 * Counted over all workers.  A place is taken before the message is promised, and given back when
 * its last recipient that was quarantined has been released or has ended, durably; what the spool
 * finds at a start is counted again.  So the limits hold whatever happens, unless they are lowered.
 */
#ifndef GATE_QUARANTINE_H
#define GATE_QUARANTINE_H

#include "base/fail.h"
#include "conf/conf.h"

struct quarantine;

struct quarantine_sum {
	uint64_t messages, octets;
};

struct quarantine *quarantine_new(void) MUST_USE;
void quarantine_free(struct quarantine *q);

/* One more message.  False: there is no place for it; *why says by which limit: it is to be
 * refused with 452. */
bool quarantine_take(
	struct quarantine *q, const struct conf *conf, uint64_t octets, struct fail *why) MUST_USE;

void quarantine_found(struct quarantine *q, uint64_t octets); /* it is there already */
void quarantine_leave(struct quarantine *q, uint64_t octets);

struct quarantine_sum quarantine_sum(struct quarantine *q) MUST_USE;

#endif
