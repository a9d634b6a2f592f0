/*
 * queue/promise - a message that we have promised to carry, in memory
 *
 * The envelope and the content never change and may be read by every thread that holds a reference;
 * what becomes of the recipients is the scheduler's alone.
 */
#ifndef QUEUE_PROMISE_H
#define QUEUE_PROMISE_H

#include "base/heap.h"
#include "base/list.h"
#include "queue/spool.h"
#include "route/route.h"

/* The words of the last attempt, shared by the recipients of one message that heard them. */
struct promise_words {
	unsigned references;
	bool ours;  /* no peer said it */
	str remote; /* the peer's name; "" where it is not known any more, or never was */
	struct fail fail;
};

struct promise_rcpt {
	enum spool_rcpt_state state;
	bool in_hand;     /* a delivery or a bounce is on its way for it */
	bool queued;      /* is in a job that waits */
	bool held;        /* waiting, but not to be tried: the admin says when */
	bool quarantined; /* held, and nobody has said anything yet */
	unsigned attempts;
	int64_t next_ms;            /* wall clock */
	struct promise_words *last; /* null before the first attempt */
};

struct promise {
	int references; /* atomic */
	struct envelope envelope;
	struct content *content;
	struct arena arena; /* of the envelope */
	/* the scheduler's: */
	struct promise_rcpt *rcpts; /* envelope.rcpt_count */
	size_t waiting;             /* recipients not yet ended, in hand or not */
	bool warned;
	bool quarantined;                /* it has a place in the quarantine (gate/quarantine) */
	unsigned users;                  /* deliveries and bounces that read the content now */
	struct list opened;              /* link among those that the schedule has open */
	struct schedule_message *listed; /* where the schedule has it; null: not, or no more */
};

/* A copy of the envelope, a reference of the content. */
struct promise *promise_new(const struct envelope *envelope, struct content *content) MUST_USE;

/* The same from what envelope_write wrote, which must be whole. */
struct promise *promise_read(str envelope, struct content *content) MUST_USE;
struct promise *promise_keep(struct promise *m);
void promise_drop(struct promise *m); /* null is allowed */

/* Is a recipient still quarantined? */
bool promise_quarantined(const struct promise *m) MUST_USE;

/* What its way depends on. */
struct route_mail promise_mail(const struct promise *m, size_t rcpt);

/* Remember what was said to a recipient; words: shared, made by promise_words_new, or null to
 * forget it.  Words of ours have no reply code, which is how the spool remembers whose they are. */
struct promise_words *promise_words_new(const struct fail *fail, bool ours, str remote) MUST_USE;
void promise_words_drop(struct promise_words *w);
void promise_rcpt_heard(struct promise *m, size_t rcpt, struct promise_words *words);

#endif
