/*
 * queue/spool_parts - what the parts of the spool know of each other    doc/architecture-spool.md
 *
 * For spool.c and spool_*.c only.  Two loops: the committer owns the index, the segments and the
 * tail of the log, and does nothing on the disk but write and sync; the helper reads, makes and
 * removes files, so that no commit waits for that.  They talk by posts; each field below says whose
 * it is.
 */
#ifndef QUEUE_SPOOL_PARTS_H
#define QUEUE_SPOOL_PARTS_H

#include "base/list.h"
#include "base/log.h"
#include "queue/checkpoint.h"
#include "queue/index.h"
#include "queue/record.h"
#include "queue/segment.h"
#include "queue/spool.h"

/* --- what is to be written -------------------------------------------------------------------- */

enum spool_fate {
	SPOOL_UNWRITTEN, /* not yet: there is no room now */
	SPOOL_WRITTEN,
	SPOOL_REFUSED,
};

/* Blocks of a message that are in the log already, and counted as living. */
struct spool_blocks {
	struct content_block *items;
	size_t count, size;
};

/* One record on its way into the log. */
struct spool_item {
	struct loop_task task; /* to the committer; of a block, also back to the draft's loop */
	struct list link;
	enum record_type type;
	enum spool_fate fate;
	struct spool_draft *draft; /* null: updates, or a copy made by the compaction */
	struct spool_blocks
		*blocks; /* of the message: a block is noted there, a message lists them */
	size_t block;    /* which of them it has become */
	uint64_t id;
	uint32_t rcpt_count;
	struct buf head;
	size_t head_own; /* octets of the head before what is added when it is written */
	str data;
	uint64_t data_sum;
	struct segment *segment; /* where it was put */
	uint32_t offset, octets;
};

#define SPOOL_SPACE_MS 1000 /* look so often how much space there is, and in trouble try again */
#define SPOOL_DRAFT_BLOCKS_MAX 2 /* on their way to the committer; one more is being filled */

struct spool_draft {
	/* of the loop that writes the draft: */
	struct spool *spool;
	struct loop *loop;
	void (*writable)(void *owner);
	void *owner;
	char *bytes; /* the block that is being filled */
	size_t n, size;
	uint64_t octets;
	size_t sent, in_flight; /* blocks given to the committer; of them, not yet back */
	bool full, dropped, committed;
	bool headed;          /* the last block that was sent stands before the others */
	struct loop_task end; /* to the committer */
	/* the committer's, as is all of it from spool_commit on: */
	struct spool_blocks blocks;
	struct fail broken; /* a block could not be written */
	struct spool_item message;
	struct spool_commit *commit;
};

/* Several records, one behind the other, for one disk_write. */
#define SPOOL_UNIT_PARTS_MAX 64
#define SPOOL_UNIT_ITEMS_MAX 256
#define SPOOL_UNIT_STAGE_OCTETS 262144
#define SPOOL_UNIT_STAGED_MAX 8192 /* larger pieces are written from where they are */

struct spool_unit {
	str parts[SPOOL_UNIT_PARTS_MAX];
	size_t part_count;
	struct spool_item *items[SPOOL_UNIT_ITEMS_MAX];
	size_t item_count;
	uint32_t octets;
	uint64_t previous; /* sequence number of the record before it */
	char *stage;
	size_t staged;
};

/* --- the helper's work ------------------------------------------------------------------------ */

#define SPOOL_COPY_MAX 64        /* records at a time, */
#define SPOOL_COPY_OCTETS 262144 /* but not more than so many octets, or one */

/* Something that the compaction copies: read by the helper, then an item for the committer. */
struct spool_fetch {
	uint32_t segment, offset, octets;
	char *bytes;
	bool ok; /* they were read; else: */
	struct fail why;
	struct spool_item item;
};

struct spool_copy {
	struct segment *victim; /* null: nothing is being compacted */
	struct loop_task task;
	struct spool_fetch fetches[SPOOL_COPY_MAX];
	size_t fetch_count;
	size_t unsettled;          /* items given to the committer's round */
	uint64_t large_id;         /* a message of many blocks is being copied, block by block */
	struct spool_blocks large; /* so far */
	bool small;                /* those of many blocks are done */
	bool failed;               /* this segment cannot be emptied now */
	int64_t look_ms;           /* when to look for a victim again */
};

/* A file that somebody wants to be made, written or read by the helper. */
struct spool_job {
	struct loop_task task;
	bool running; /* what it works on is the helper's until it has come back */
	bool ok;
	bool sync_failed; /* the disk is not to be trusted any more; else it is tried again */
	struct fail why;
};

enum spool_refusal { SPOOL_OPEN, SPOOL_FULL, SPOOL_FENCED };

struct spool {
	/* read-only: */
	struct spool_setup setup;
	uint64_t salt;
	size_t head_octets_max; /* of a message's record: it fits in any segment, with its data */
	struct disk *disk;
	struct loop *committer, *helper;
	struct content_budget *budget;

	/* atomic: */
	int refusal; /* what spool_accepts says */
	unsigned unended;
	struct spool_numbers numbers;

	/* the committer's: */
	struct index index;
	struct segments segments;
	struct segment *tail; /* where the log grows */
	uint32_t tail_at;
	uint32_t tail_syncs;  /* since the log goes on in the tail */
	struct segment *next; /* the one after it, ready; null: there is none yet */
	struct list dirty;    /* segments written since their last sync, oldest first */
	uint64_t sequence;    /* of the last record made */
	uint64_t previous;    /* of the last record in the log, or in the unit */
	uint64_t durable;     /* of the last record known durable */
	bool fenced;          /* a write or a sync has failed: nothing is written any more */
	bool low;             /* less free space than the reserve */
	bool scarce;        /* there is no space for a next segment: the tail is for updates only */
	int64_t space_ms;   /* when to look again how much is free */
	struct list items;  /* blocks and messages, in the order of their coming */
	struct list copies; /* the same, of the compaction */
	struct loop_task *records, **records_end; /* of spool_record */
	size_t update_count;                      /* in them */
	bool updates_due;
	struct loop_task round_task;
	bool round_posted;
	bool stalled; /* in this round: the tail is full, the next segment is not there yet */
	struct spool_unit unit;
	struct loop_timer updates_timer, trouble_timer;
	size_t dead_seen;            /* segments without life, when we last looked which can go */
	struct checkpoint_mark mark; /* of the checkpoint in force */
	uint64_t checkpoint_octets;  /* of it */
	uint64_t grown_octets;       /* of the log, since then */
	uint64_t grown_octets_max;   /* then take the next */

	struct spool_job prepare; /* a next segment: */
	uint32_t prepare_number;
	bool prepare_filled; /* see segment_create; set while nothing is being prepared */
	struct disk_file *prepared;

	struct spool_job save; /* a checkpoint, slice by slice: */
	struct checkpoint checkpoint;
	bool checkpointing;
	uint64_t checkpoint_grown_octets; /* grown_octets when it was begun */
	int64_t checkpoint_ms;            /* do not try before */

	struct spool_job read; /* for the compaction: */
	struct spool_copy copy;

	/* the helper's: */
	struct segment_reader reader;

	bool closing; /* both loops have ended: the caller of spool_close has everything */
};

void spool_refusal_say(enum spool_refusal refusal, struct fail *why); /* the reply */
bool spool_disk_full(const struct fail *why) MUST_USE;                /* or is it worse? */
void spool_report(enum log_level level, const char *event, uint64_t id, uint32_t segment,
	uint64_t offset, const struct fail *why); /* id 0: not known */

/* spool.c: something begins, or has ended, that spool_unended counts */
void spool_begin(struct spool *s);
void spool_end(struct spool *s);

/* spool_draft.c */
void spool_draft_blocks_add(struct spool_blocks *b, const struct content_place *place);
void spool_draft_blocks_release(
	struct spool_blocks *b, struct segments *segments); /* no longer living */
void spool_draft_commit(struct spool *s, struct spool_commit *c);
struct content *spool_draft_content(struct spool_draft *d) MUST_USE; /* when all is written */
size_t spool_draft_first(const struct spool_draft *d) MUST_USE; /* with which its content begins */
void spool_draft_return(struct spool_item *block);
void spool_draft_clear(struct spool_draft *d);

/* spool_round.c */
void spool_round_want(struct spool *s); /* soon */
void spool_round_run(struct spool *s);  /* now */
void spool_round_record(struct spool *s, struct loop_task *record);
void spool_round_updates_due(struct loop_timer *timer);
void spool_round_trouble(struct loop_timer *timer);
void spool_round_publish(struct spool *s); /* numbers and refusal, for other threads */

/* spool_write.c: the tail of the log */
void spool_write_item(struct spool *s, struct spool_item *item); /* its fate may change until: */
void spool_write_unit(struct spool *s);                          /* all that has been gathered */
void spool_write_sync(struct spool *s); /* all that has been written, or the fence */
void spool_write_refuse(struct spool *s, struct spool_item *item); /* by the fence, or no space */
void spool_write_fence(struct spool *s, const struct fail *why);

/* spool_helper.c */
void spool_helper_prepare(struct spool *s);  /* a next segment, where there is none */
void spool_helper_prepared(struct spool *s); /* it has ended */
void spool_helper_remove(struct spool *s, uint32_t number);
void spool_helper_fetch(struct spool *s);
void spool_helper_read(struct spool *s, struct spool_read *r);
void spool_helper_save(struct spool *s);

/* spool_keep.c: checkpoints, and segments that nobody needs */
void spool_keep_house(struct spool *s);
void spool_keep_trouble(struct spool *s, const struct spool_job *job); /* that has failed */
void spool_keep_saved(struct spool *s);                                /* a slice has been stored */
bool spool_keep_now(struct spool *s, const struct checkpoint_mark *mark, struct fail *why) MUST_USE;

/* spool_compact.c */
void spool_compact_look(struct spool *s);
void spool_compact_fetched(struct spool *s);
void spool_compact_settle(struct spool *s, struct spool_item *item);
void spool_compact_free(struct spool *s);

/* spool_recover.c */
bool spool_recover(struct spool *s, spool_found_fn *found, void *owner, struct fail *why) MUST_USE;

#endif
