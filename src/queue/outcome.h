/*
 * queue/outcome - what the log knows of one recipient, packed
 *
 * One form for all: in records of updates, in messages that moved, in checkpoints.
 */
#ifndef QUEUE_OUTCOME_H
#define QUEUE_OUTCOME_H

#include "queue/pack.h"
#include "queue/spool.h"

void outcome_pack(const struct spool_rcpt *rcpt, struct buf *to);

/* Its parts: how it waits, and the words of the last attempt. */
void outcome_pack_head(
	enum spool_rcpt_state state, unsigned attempts, int64_t next_ms, struct buf *to);
void outcome_pack_words(const struct fail *last, struct buf *to);
void outcome_unpack_words(struct pack_reader *u, struct fail *last);

/* Sets u->broken when it is no outcome; what was packed is read back equal, and only that. */
void outcome_unpack(struct pack_reader *u, struct spool_rcpt *rcpt);

bool outcome_ended(const struct spool_rcpt *rcpt) MUST_USE; /* nothing more will happen to it */

#endif
