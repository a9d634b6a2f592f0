/*
 * queue/spool - messages on stable storage                      doc/architecture.md, "The spool"
 *
 * An interface: this implementation is an append-only log with group commit (queue/spool_log.c and
 * its neighbours); the simulator has a second one in memory.  Asynchronous: every request is posted
 * to the spool's own loop and answered exactly once on the loop that asked.
 *
 * What it promises:
 *   P1  a commit is answered with ok only after everything it needs has been synced;
 *   P2  an update is durable within SPOOL_UPDATE_MS_MAX of its request; what was committed and not
 *	 closed is found again by spool_open after any crash, each message once;
 *   after a failed sync nothing is accepted any more (the fence): commits are answered with 451
 *   4.3.0 until the process starts anew;
 *   on a full disk, or less than the reserve, commits are answered with 452 4.3.1, and updates
 *still work.
 */
#ifndef QUEUE_SPOOL_H
#define QUEUE_SPOOL_H

#include "queue/content.h"
#include "queue/envelope.h"
#include "world/disk.h"
#include "world/loop.h"

#define SPOOL_UPDATE_MS_MAX 50

struct spool;

struct spool_setup {
	str dir;                 /* absolute */
	uint64_t segment_octets; /* a segment is closed when it has so many; 0: 32 MiB */
	uint64_t reserve_octets; /* refuse mail when the disk has less free */
	uint64_t memory_octets;  /* of blocks kept in memory */
};

enum spool_rcpt_state {
	SPOOL_WAITING, /* to be tried */
	SPOOL_DELIVERED,
	SPOOL_BOUNCED,   /* its bounce is durable */
	SPOOL_DISCARDED, /* by a named rule */
	SPOOL_GIVEN_UP,  /* by a named rule, postmaster told */
	SPOOL_DELETED,   /* by the admin */
	SPOOL_HELD,      /* it has not ended, but is not to be tried either */
};

static inline bool spool_rcpt_ended(enum spool_rcpt_state state)
{
	return state != SPOOL_WAITING && state != SPOOL_HELD;
}

/* What the log knows of a recipient beside its envelope. */
struct spool_rcpt {
	enum spool_rcpt_state state;
	unsigned attempts;
	int64_t next_ms;  /* wall clock: not to be tried before; 0: at once */
	struct fail last; /* the words of the last attempt */
};

/* A living message, as spool_open finds it. */
struct spool_found {
	const struct envelope *envelope;
	const struct spool_rcpt *rcpts; /* envelope->rcpt_count of them */
	struct content *content;        /* keep it to have it */
};

/* Open, recover: found is called for each living message, in the calling thread, before spool_open
 * returns.  A torn tail is cut, a rotten record is reported and skipped, both in the log.  Null:
 * the directory cannot be used (another daemon holds it, an unknown format version, ...). */
typedef void spool_found_fn(void *owner, const struct spool_found *found);
struct spool *spool_open(const struct spool_setup *setup, spool_found_fn *found, void *owner,
	struct fail *why) MUST_USE;

/* Drafts, commits, reads and notes that have not ended, from any thread.  A draft that was dropped
 * and a commit or read in which nobody is interested any more take their time all the same, and end
 * on the loops that began them: until there are none, these must live. */
unsigned spool_unended(const struct spool *s) MUST_USE;

/* Write what is pending, sync, take a checkpoint, close.  Nothing is unended. */
void spool_close(struct spool *s);

/* --- a message on its way in ------------------------------------------------------------------ */

struct spool_draft;

struct spool_commit {
	struct spool_draft *draft;       /* the draft is the spool's from the request on */
	const struct envelope *envelope; /* whole; must live until done */
	struct loop *loop;               /* where done is called */
	void (*done)(struct spool_commit *c);
	bool ok; /* the answer: */
	struct fail why;
	struct content *content; /* the caller's reference, when ok */
	struct loop_task task;   /* the spool's */
};

/* loop: the loop of whoever writes.  writable is called there when the backlog has become small
 * again after spool_draft_write said "enough"; never from inside a call. */
struct spool_draft *spool_draft_new(
	struct spool *s, struct loop *loop, void (*writable)(void *owner), void *owner) MUST_USE;

enum spool_write { SPOOL_WRITE_ON, SPOOL_WRITE_ENOUGH };

/* Copy bytes in.  ENOUGH: they were taken, but give no more until writable is called. */
enum spool_write spool_draft_write(struct spool_draft *d, str bytes);

/* What is to stand before all that was written: fields that are known only now, when the message is
 * over.  At most once, and then nothing is written any more; up to SPOOL_HEAD_OCTETS_MAX. */
#define SPOOL_HEAD_OCTETS_MAX CONTENT_BLOCK_OCTETS
void spool_draft_head(struct spool_draft *d, str bytes);
void spool_draft_drop(struct spool_draft *d); /* forget it */

/* May mail be accepted at all now?  Cheap and from any thread; false: *why is the reply (452 4.3.1
 * or 451 4.3.0). */
bool spool_accepts(const struct spool *s, struct fail *why) MUST_USE;

void spool_commit(struct spool *s, struct spool_commit *c);

/* A whole small message from memory at once, as bounces are. */
struct spool_draft *spool_draft_of(struct spool *s, struct loop *loop, str bytes) MUST_USE;

/* --- what becomes of it ----------------------------------------------------------------------- */

struct spool_update {
	uint64_t id;   /* the message */
	uint32_t rcpt; /* index in its envelope */
	struct spool_rcpt now;
};

/* Record what became of recipients; when none is left waiting, the message is gone.  done (may be
 * null) is called on loop when it is durable. */
struct spool_record {
	struct spool_update *updates; /* must live until done */
	size_t count;
	struct loop *loop;
	void (*done)(struct spool_record *r);
	bool ok;
	struct spool *spool; /* the spool's */
	struct loop_task task;
};
void spool_record(struct spool *s, struct spool_record *r);

/* --- reading it ------------------------------------------------------------------------------- */

struct spool_read {
	struct content *content; /* the caller holds a reference */
	size_t block;
	struct loop *loop;
	void (*done)(struct spool_read *r);
	char *bytes; /* the answer: mem_free it; null: *why */
	size_t octets;
	struct fail why;
	struct spool *spool; /* the spool's */
	struct loop_task task;
};
/* Bytes of one block, from the log.  For blocks whose bytes are in memory it is not needed. */
void spool_read(struct spool *s, struct spool_read *r);

/* --- the note --------------------------------------------------------------------------------- */

#define NOTE_OCTETS_MAX (64 << 20)

/* A few bytes that are replaced as a whole; the last ones that were written are found again. */
struct spool_note {
	str bytes; /* must live until done */
	struct loop *loop;
	void (*done)(struct spool_note *n);
	bool ok;
	struct fail why;
	struct spool *spool; /* the spool's */
	struct loop_task task;
};
void spool_note(struct spool *s, struct spool_note *n);

/* What the life before had written, in the arena; "" nothing, or it cannot be read (which is
 * logged).  To be called once, behind spool_open. */
str spool_noted(struct spool *s, struct arena *a) MUST_USE;

/* --- numbers ---------------------------------------------------------------------------------- */

struct spool_numbers {
	uint64_t log_octets;    /* on disk */
	uint64_t living_octets; /* of messages not yet ended */
	uint64_t memory_octets; /* blocks in memory */
	uint64_t commits, syncs;
	bool fenced;
};
void spool_numbers(const struct spool *s, struct spool_numbers *n); /* from any thread */

#endif
