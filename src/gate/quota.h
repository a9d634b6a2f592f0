/*
 * gate/quota - how much a login has sent within the hour
 *
 * Counted over all workers, in memory, in pieces of five minutes: what was counted is forgotten an
 * hour later, or with the process.  Only what may go on is counted, so a login that floods keeps
 * the rate that it is allowed.
 */
#ifndef GATE_QUOTA_H
#define GATE_QUOTA_H

#include "base/fail.h"
#include "conf/conf.h"

struct quota;

struct quota *quota_new(void) MUST_USE;
void quota_free(struct quota *q);

/* One more message of the login with so many recipients.  False: it is over one of its limits and
 * was not counted; *why says which, and its line: the message is to be held. */
bool quota_take(struct quota *q, const struct conf *conf, str login, size_t recipients,
	int64_t now_ms, struct fail *why) MUST_USE;

#endif
