/*
 * queue/index - the living messages: where each is in the log, and what became of its recipients
 *
 * It knows only what is durable: the committer changes it after the sync, never before.  So
 * whatever is copied out of it, at any moment, can be found again in the log up to that moment,
 * which is what makes a checkpoint that is written while work goes on right.
 *
 * A message takes 80 octets here, and 64 for its content; a history costs 32 more for each of its
 * recipients, and the words that they have heard are kept once for all who heard the same.
 */
#ifndef QUEUE_INDEX_H
#define QUEUE_INDEX_H

#include "base/intern.h"
#include "queue/content.h"
#include "queue/outcome.h"
#include "queue/segment.h"

/* What became of a recipient; all zero: nothing yet. */
struct index_outcome {
	int64_t next_ms;
	struct intern_text *words; /* packed by outcome_pack_words; null: nothing happened yet */
	uint32_t attempts;
	uint8_t state;
};

struct index_entry {
	struct index_entry *next; /* in its bucket */
	struct list link;         /* in segment->entries */
	uint64_t id;
	struct segment
		*segment; /* where its record is; null while recovering: the file is missing */
	uint32_t offset, octets; /* of the whole record */
	uint32_t rcpt_count;
	uint32_t waiting;               /* how many recipients have not ended */
	struct index_outcome *outcomes; /* one a recipient; null: nothing happened yet */
	struct content *content;        /* a reference; null while recovering: not read yet */
};

struct index {
	struct segments *segments; /* whose living octets are counted, for entries with a content */
	struct index_entry **buckets;
	size_t bucket_count, count;
	struct intern words;
};

void index_init(struct index *ix, struct segments *segments);
void index_free(struct index *ix);

struct index_entry *index_find(const struct index *ix, uint64_t id) MUST_USE; /* or null */
struct index_entry *index_add(struct index *ix, uint64_t id, uint32_t rcpt_count);
void index_remove(struct index *ix, struct index_entry *e);

/* The record of the message is here: of a new entry, or while recovering. */
void index_place(struct index_entry *e, struct segment *segment, uint32_t offset, uint32_t octets);

/* Its content is known now; a reference is kept. */
void index_fill(struct index *ix, struct index_entry *e, struct content *content);

/* The message has been copied: its record and all its blocks are elsewhere now.  blocks: as many as
 * the content has. */
void index_move(struct index *ix, struct index_entry *e, struct segment *segment, uint32_t offset,
	uint32_t octets, const struct content_block *blocks);

/* Does it matter what becomes of this recipient?  Not when it, or the message, has ended. */
bool index_wants(const struct index *ix, uint64_t id, uint32_t rcpt) MUST_USE;

/* Keep what became of it, where it matters.  The entry goes with the last recipient that ends. */
void index_update(struct index *ix, uint64_t id, uint32_t rcpt, const struct spool_rcpt *now);

/* All that is known of an entry's recipients: how many have a history, then number and outcome of
 * each.  Reading replaces what was known; broken bytes set u->broken.  An entry without waiting
 * recipients is the caller's to remove. */
void index_pack(const struct index_entry *e, struct buf *to);
void index_unpack(struct index *ix, struct index_entry *e, struct pack_reader *u);
void index_outcome(const struct index_entry *e, uint32_t rcpt, struct spool_rcpt *known);

#endif
