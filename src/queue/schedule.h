/*
 * queue/schedule - what is tried when, over which connections
 *
 * Sans-IO, and owned by one loop: messages, results and time go in, acts come out.
 *
 * A message's waiting recipients are grouped into jobs, one for each destination (and sender, and
 * moment).  A destination is a transport and a next hop; it has the limits of its transport: so
 * many connections at once, so long from the end of a mail to the start of the next, so many mails
 * over one connection.  A slot is the right to hold one connection to it, leased to a worker. Ready
 * destinations take turns, so that a large one delays no small one.
 *
 * Trouble with a connection is the destination's, not the message's: the destination backs off
 * after the retry series, its mail waits untouched, and one probe goes out when the time has come.
 * When other connections to it still work, it only gets fewer.  A refusal of one mail or recipient
 * is that recipient's: it waits alone.
 */
#ifndef QUEUE_SCHEDULE_H
#define QUEUE_SCHEDULE_H

#include "base/map.h"
#include "queue/promise.h"
#include "route/route.h"

#define SCHEDULE_SLOTS_MAX 1000    /* connections of all destinations together */
#define SCHEDULE_IDLE_MS 2000      /* a connection without work is kept so long */
#define SCHEDULE_JOB_RCPTS_MAX 100 /* recipients of one job; more become several jobs */

struct schedule;

struct schedule_destination {
	str identity; /* all that connections are told apart by */
	str key;      /* "TRANSPORT:NEXTHOP", for people: the start of it */
	const struct conf_transport
		*transport;   /* of the schedule's router; null while it has no job */
	unsigned connections; /* as the transport says */
	int64_t delay_between_ms;
	str nexthop;
	struct list jobs;              /* ready ones */
	size_t job_count;              /* ready ones */
	size_t waiting;                /* recipients in ready and in timed jobs */
	unsigned slots;                /* leased, busy or idle */
	unsigned slots_max;            /* not more now: between 1 and the transport's connections */
	unsigned successes;            /* since slots_max last changed */
	unsigned failures;             /* in a row */
	int64_t not_before_ms;         /* back-off and delay-between */
	struct fail trouble;           /* the last one, kind FAIL_NONE when all is well */
	struct list idle;              /* of slots */
	struct list ready;             /* link among the destinations whose turn may come */
	struct heap_node wake;         /* at not_before_ms */
	struct schedule_job *building; /* while a message is grouped */
};

struct schedule_slot {
	struct list link; /* among the idle ones of its destination */
	struct list rest; /* among all idle ones, the longest idle first */
	int64_t idle_since_ms;
	struct schedule_destination *destination;
	unsigned worker;
	unsigned mails; /* given to it so far */
	bool busy;
	void *driver; /* the worker's connection; null before the first mail */
};

struct schedule_job {
	struct list link;                         /* among the ready ones of its destination */
	struct list sibling;                      /* among the jobs of its message */
	struct heap_node due;                     /* when it becomes ready */
	struct promise *message;                  /* a reference */
	struct schedule_destination *destination; /* null: no way, why says it */
	struct fail *why;
	size_t count, size;
	uint32_t rcpts[];
};

struct schedule_act {
	enum {
		SCHEDULE_IDLE,
		SCHEDULE_START,   /* deliver the job over the slot; both are the caller's until
				     schedule_done and schedule_job_free */
		SCHEDULE_HANG_UP, /* close an idle connection: the slot is gone, worker and driver
				     say whose it was */
		SCHEDULE_NO_WAY,  /* the job has no destination: end its recipients */
		SCHEDULE_WARN,    /* the message has waited for long: tell its sender */
		SCHEDULE_EXPIRE,  /* the message has waited too long: end its recipients not in hand
				   */
	} kind;
	struct schedule_slot *slot;
	struct schedule_job *job;
	struct promise *message; /* WARN, EXPIRE: borrowed */
	unsigned worker;         /* HANG_UP */
	void *driver;            /* HANG_UP */
};

struct schedule *schedule_new(struct router *router, unsigned workers, uint64_t seed) MUST_USE;
void schedule_free(struct schedule *s); /* no slot may be busy */

/* New routes and limits: all that waits is grouped anew; back-off stays with its destination. */
void schedule_reroute(struct schedule *s, struct router *router, int64_t now_ms);
struct router *schedule_router(const struct schedule *s);

/* Take care of all recipients of the message that wait, are not in hand and not queued yet.  The
 * first call takes the caller's reference and lists the message; later ones bring back what came
 * out by START and was put down again (in_hand false). */
void schedule_add(struct schedule *s, struct promise *m, int64_t now_ms);

/* A recipient has ended, durably: it is not in hand any more.  When it was the last one, the
 * message leaves the index and the schedule's reference goes. */
void schedule_close(struct schedule *s, struct promise *m, size_t rcpt, enum spool_rcpt_state end);

/* Take the message's waiting jobs out, as the first step to end its recipients. */
void schedule_withdraw(struct schedule *s, struct promise *m, int64_t now_ms);

struct schedule_act schedule_next(struct schedule *s, int64_t now_ms) MUST_USE; /* until IDLE */

/* We stop: from now on nothing is started, and idle connections are hung up at once. */
void schedule_stop(struct schedule *s);
int64_t schedule_deadline_ms(const struct schedule *s) MUST_USE; /* INT64_MAX: none */

/* How the lease of a slot goes on. */
enum schedule_after {
	SCHEDULE_KEPT,    /* the connection is open and may carry another mail */
	SCHEDULE_CLOSED,  /* it is closed, in order */
	SCHEDULE_TROUBLE, /* it could not be made, or broke before a mail began: *why */
};

/* The job of a START is over (its recipients have been put down or kept in hand by the caller
 * before).  After CLOSED and TROUBLE the slot is gone. */
void schedule_done(struct schedule *s, struct schedule_slot *slot, enum schedule_after after,
	const struct fail *why, int64_t now_ms);
void schedule_job_free(struct schedule_job *job);

/* The admin: try it now, whatever was planned. */
void schedule_retry(struct schedule *s, struct promise *m, int64_t now_ms);

/* Is the message older than its lifetime? */
bool schedule_expired(const struct schedule *s, const struct promise *m, int64_t now_ms) MUST_USE;

/* Does all that waits of it wait for destinations that back off?  Then it will be a while. */
bool schedule_backs_off(const struct promise *m) MUST_USE;

/* The last trouble with where a way leads; *why stays when there is none. */
void schedule_destination_why(struct schedule *s, const struct route_way *way, struct fail *why);

/* The wait after the attempts-th failure. */
int64_t schedule_wait_ms(struct schedule *s, unsigned attempts);

struct promise *schedule_find(
	const struct schedule *s, uint64_t id) MUST_USE;           /* borrowed, or null */
const struct map *schedule_messages(const struct schedule *s);     /* values: struct promise */
const struct map *schedule_destinations(const struct schedule *s); /* values: destinations */

#endif
