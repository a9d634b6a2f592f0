/*
 * queue/schedule_inside - what the files of the schedule share
 */
#ifndef QUEUE_SCHEDULE_INSIDE_H
#define QUEUE_SCHEDULE_INSIDE_H

#include "base/intern.h"
#include "base/prng.h"
#include "queue/retry.h"
#include "queue/schedule.h"
#include "queue/shelf.h"

/* Then it is looked again whether a message that is too old has had its turn. */
#define SCHEDULE_LAST_CHANCE_MS 600000

/* The lifetime of mail while soft-bounce is on: nothing goes back to its sender. */
#define SCHEDULE_FOR_EVER_MS (INT64_MAX / 4)

/* So many open messages are looked at each time, whether they can be shelved again. */
#define SCHEDULE_SHELVE_STEP 8

/* So many messages are grouped anew in one step after a reload: some milliseconds. */
#define SCHEDULE_REGROUP_STEP 1000

/* So many destinations are settled in one step after that, and after a pause by hand: a millisecond
 * or less. */
#define SCHEDULE_SETTLE_STEP 1000

/* So many moments of one kind (of jobs, of destinations, of providers, of alarms) that have come
 * are worked off by one call of schedule_next: a millisecond or two, however many came at once. */
#define SCHEDULE_WAKE_STEP 1000

/* Where a job waits. */
enum { SCHEDULE_JOB_NOWHERE, SCHEDULE_JOB_READY, SCHEDULE_JOB_TIMED };

struct schedule_message {
	struct schedule_message *next; /* in its bucket */
	uint64_t id;
	struct heap_node alarm; /* when to warn its sender, or to give it up */
	struct list jobs;       /* those that wait */
	union {
		struct promise *open; /* somebody may hold it, too */
		struct shelf *shelved;
	};
	struct content *content; /* while it is shelved: a reference */
};

struct schedule_messages {
	struct schedule_message **buckets;
	size_t bucket_count, count, waiting; /* recipients */
	int64_t oldest_ms; /* when the first of all came in, 0: none; when known: it waits long, as
			      a rule */
	bool oldest_known;
	struct list opened;  /* promises */
	struct intern words; /* of shelved ones */
	struct buf scratch;
};

struct schedule {
	struct router *router;
	struct schedule_messages messages;
	struct map destinations, providers;
	struct map paused;                              /* names */
	struct map known_providers, known_destinations; /* remembered, and not seen again yet */
	bool changed;                                   /* something that is to be remembered */
	struct schedule_destination *recent; /* the last one that was asked for; null: none */
	struct map hosts;   /* "TRANSPORT\nMXHOST": the provider that it leads to */
	struct map asked;   /* destinations, by the ticket of their look-up */
	struct list asking; /* destinations that want one */
	uint32_t ticket;    /* the last one */
	struct heap alarms; /* messages: warn, expire */
	struct heap due;    /* jobs that wait for their moment */
	struct heap wakes;  /* providers that wait for theirs */
	struct heap rests;  /* destinations that back off */
	struct list ready;  /* providers, in turn */
	struct list no_way; /* jobs without a destination */
	struct heap idle;   /* slots, by when to hang up */
	bool began;         /* something was started: what comes in is new */
	bool stopping;
	bool regrouping;  /* routes are new, and not all that waits is grouped by them */
	size_t regrouped; /* buckets of messages */
	bool settling;    /* something is new for all destinations, and not all are settled by it */
	size_t settled;   /* buckets of destinations */
	int64_t born_ms;  /* the start, or the last reload: what was before is not known */
	unsigned slots, closing, workers, next_worker;
	size_t turns; /* of providers, that the last call has looked at: what it costs */
	struct prng prng;
	struct arena scratch; /* for one call */
};

/* --- queue/schedule_message.c: the table of messages */

void schedule_messages_init(struct schedule_messages *t);
void schedule_messages_free(struct schedule_messages *t); /* no jobs are left */
struct schedule_message *schedule_message_find(const struct schedule_messages *t, uint64_t id);

/* Walk all: start with null, until null.  The table may not change during the walk. */
struct schedule_message *schedule_message_next(
	const struct schedule_messages *t, const struct schedule_message *previous);

/* List it; takes the reference. */
struct schedule_message *schedule_message_add(struct schedule_messages *t, struct promise *m);
void schedule_message_remove(struct schedule_messages *t, struct schedule_message *e);

/* Its promise, borrowed: made when it is shelved, and then there until nobody else holds it and
 * it is shelved again: at once, or, some of those that are open, when there is nothing else to do.
 */
struct promise *schedule_message_open(struct schedule_messages *t, struct schedule_message *e);
void schedule_message_shelve(struct schedule_messages *t, struct schedule_message *e);
void schedule_messages_shelve(struct schedule_messages *t);

/* --- queue/schedule_job.c */

/* Jobs for all recipients of an open message that wait and have none. */
void schedule_group(struct schedule *s, struct promise *m, int64_t now_ms);

/* The next ready one of a destination, which has one, to be started: fresh ones first, but not for
 * ever.  What waits when there is trouble is fresh no more. */
struct schedule_job *schedule_job_next(struct schedule_destination *d);
void schedule_jobs_grow_old(struct schedule_destination *d);
void schedule_job_ready(struct schedule *s, struct schedule_job *job); /* its moment has come */

/* Out of every queue; its recipients, of the open message, are no longer queued. */
void schedule_job_unqueue(struct schedule *s, struct schedule_job *job, struct promise *m);
void schedule_job_drop(struct schedule *s, struct schedule_job *job, struct promise *m);

void schedule_jobs_drop(struct schedule *s, struct promise *m); /* all of an open message */

/* --- queue/schedule_reroute.c */

/* The next step of grouping anew.  True: that was the last one. */
bool schedule_reroute_step(struct schedule *s, int64_t now_ms) MUST_USE;

/* --- queue/schedule_settle.c */

/* Settle all destinations, from the first one on; and the next step of that.  True: the last one.
 */
void schedule_settle_all(struct schedule *s);
bool schedule_settle_step(struct schedule *s, int64_t now_ms) MUST_USE;

/* --- queue/schedule.c */

/* When its sender is to be warned, it is to be given up, or let go, whatever comes first. */
int64_t schedule_alarm_ms(const struct schedule *s, const struct promise *m) MUST_USE;
void schedule_set_alarm(struct schedule *s, struct promise *m);

/* When what is quarantined of it is to be let go; INT64_MAX: nothing is. */
int64_t schedule_let_go_ms(const struct schedule *s, const struct promise *m) MUST_USE;

/* --- queue/schedule_destination.c */

/* The destination of a way, made when it is new; it has the way's transport from now on. */
struct schedule_destination *schedule_destination_of(
	struct schedule *s, const struct route_way *way, int64_t now_ms);
void schedule_destination_free(struct schedule *s, struct schedule_destination *d);

/* Put the destination, and its provider, where they belong after anything about them has changed:
 * among the ready, among those that wait for a moment, or nowhere until a slot, a job or an answer
 * comes.  What nobody needs any more is freed. */
void schedule_destination_settle(
	struct schedule *s, struct schedule_destination *d, int64_t now_ms);

/* Does mail get through there, however slowly?  Not where it is paused or in trouble, nor where the
 * peer has only asked for less for SCHEDULE_PATIENCE_MS. */
bool schedule_destination_takes(const struct schedule_destination *d, int64_t now_ms) MUST_USE;

/* --- queue/schedule_provider.c */

/* Give the destination the provider that its next hop, with these MX hosts, belongs to. */
void schedule_provider_place(struct schedule *s, struct schedule_destination *d, const str *hosts,
	size_t count, int64_t now_ms);

/* Its provider is said by the configuration, or is itself: nothing has to be looked up. */
bool schedule_provider_is_told(const struct schedule *s, const struct schedule_destination *d);
void schedule_provider_leave(
	struct schedule *s, struct schedule_destination *d, int64_t now_ms); /* null it */
void schedule_provider_limits(struct schedule *s, const struct schedule_destination *d);
void schedule_provider_clamp(
	struct schedule_provider *p); /* slots_max, between 1 and connections */
void schedule_provider_settle(struct schedule *s, struct schedule_provider *p, int64_t now_ms);
/* What tells transports apart: their name; those without one, their limits.  In the scratch arena.
 */
str schedule_provider_transport_key(struct schedule *s, const struct conf_transport *t);
void schedule_provider_free(struct schedule *s, struct schedule_provider *p);

/* Connections that it may have now. */
unsigned schedule_provider_slots_max(const struct schedule_provider *p);

/* A mail begins; a connection could not be made, or broke between mails; or one has carried a mail.
 */
void schedule_provider_started(struct schedule_provider *p, int64_t now_ms);
void schedule_provider_trouble(
	struct schedule *s, struct schedule_destination *d, const struct fail *why, int64_t now_ms);
void schedule_provider_success(struct schedule *s, struct schedule_destination *d, int64_t now_ms);

/* --- queue/schedule_throttle.c */

int64_t schedule_throttle_delay_ms(const struct schedule_provider *p); /* between its mails */
void schedule_throttle_success(struct schedule *s, struct schedule_provider *p);
bool schedule_is_paused(struct schedule *s, const struct schedule_destination *d);

/* --- queue/schedule_memory.c */

/* It is new: what was remembered of it holds again. */
void schedule_recall_provider(struct schedule *s, struct schedule_provider *p);
void schedule_recall_destination(struct schedule *s, struct schedule_destination *d);
void schedule_forget(struct schedule *s); /* all that was remembered */

/* --- queue/schedule_slot.c */

struct schedule_slot *schedule_slot_new(struct schedule *s, struct schedule_destination *d);
void schedule_slot_put_by(struct schedule *s, struct schedule_slot *slot,
	int64_t now_ms); /* it is idle from now on */
void schedule_slot_take(struct schedule *s, struct schedule_slot *slot);  /* it is idle no more */
void schedule_slot_close(struct schedule *s, struct schedule_slot *slot); /* it was idle */
void schedule_slot_free(struct schedule *s, struct schedule_slot *slot);

/* An idle connection whose time is over, or whose place is needed, or null. */
struct schedule_slot *schedule_slot_to_hang_up(struct schedule *s, int64_t now_ms);

#endif
