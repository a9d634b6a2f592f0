/*
 * queue/outcome - what the log knows of one recipient, packed
 *
 * One form for all: in records of updates, in messages that moved, in checkpoints, and in memory,
 * where most recipients have none: nothing has happened yet.
 */
#ifndef QUEUE_OUTCOME_H
#define QUEUE_OUTCOME_H

#include "queue/pack.h"
#include "queue/spool.h"

void outcome_pack(const struct spool_rcpt *rcpt, struct buf *to);

/* Sets u->broken when it is no outcome; what was packed is read back equal, and only that. */
void outcome_unpack(struct pack_reader *u, struct spool_rcpt *rcpt);

bool outcome_ended(const struct spool_rcpt *rcpt) MUST_USE; /* nothing more will happen to it */

#endif
