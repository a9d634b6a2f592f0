/*
 * queue/retry - when to try again
 */
#ifndef QUEUE_RETRY_H
#define QUEUE_RETRY_H

#include "base/prng.h"
#include "conf/conf.h"

#define RETRY_JITTER_PER_CENT 10

/* How long to wait after the attempts-th failure (from 1): the series of the configuration, whose
 * last member repeats, made up to RETRY_JITTER_PER_CENT longer, so that what failed together is not
 * tried together. */
int64_t retry_wait_ms(const struct conf_queue *queue, unsigned attempts, struct prng *r) MUST_USE;

#endif
