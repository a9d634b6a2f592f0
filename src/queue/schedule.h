/*
 * queue/schedule - what is tried when, over which connections
 *
 * Sans-IO, and owned by one loop: messages, results and time go in, acts come out.
 *
 * A message's waiting recipients are grouped into jobs, one for each destination (and sender, and
 * moment).  A destination is a transport and a next hop; a slot is the right to hold one connection
 * to it, leased to a worker.
 *
 * A provider is the destinations of one transport that share limits: so many connections at once,
 * so long from the end of a mail to the start of the next, so many mails an hour and over one
 * connection.  Those whose MX hosts overlap are one, so the MX records are asked for first
 * (SCHEDULE_RESOLVE); the configuration may put together more; a fixed next hop is its own.  Ready
 * providers take turns, and the destinations of each, so that a large one delays no small one.
 *
 * Trouble with a connection is the provider's, not the message's: it backs off after the retry
 * series, its mail waits untouched, one probe goes out when the time has come, and each success
 * opens it a little more.  When other connections to it still work, it only gets fewer.  Where the
 * configuration made the provider, its destinations need not share a host: each backs off alone,
 * until several in a row do.  A refusal of one mail or recipient is that recipient's: it waits
 * alone.
 *
 * After a start or a reload, a provider that is not known yet counts as one that has just had a
 * mail; what was waiting at the start is tried over one connection first.  So no limit is ever
 * exceeded.  Back-off, throttling and what was paused by hand are remembered over a start
 * (schedule_note).
 */
#ifndef QUEUE_SCHEDULE_H
#define QUEUE_SCHEDULE_H

#include "base/map.h"
#include "queue/promise.h"
#include "route/route.h"

#define SCHEDULE_SLOTS_MAX 1000          /* connections of all destinations together */
#define SCHEDULE_IDLE_MS 2000            /* a connection without work is kept so long; */
#define SCHEDULE_IDLE_DELAY_MS_MAX 30000 /* and its delay longer, up to this, while mail waits */
#define SCHEDULE_JOB_RCPTS_MAX 100       /* recipients of one job; more become several jobs */
#define SCHEDULE_TURN_MAILS 10        /* over one connection, while others of the provider wait */
#define SCHEDULE_FRESH_ROW 4          /* fresh mails, before one that has waited has its turn */
#define SCHEDULE_THROTTLE_MS 30000    /* the first pause; each further step doubles it */
#define SCHEDULE_THROTTLE_MAX 7       /* steps: 32 minutes */
#define SCHEDULE_CALM 10              /* mails that went through, for one step back */
#define SCHEDULE_KEEP_MS 3600000      /* who was throttled is known so long without mail */
#define SCHEDULE_PATIENCE_MS 21600000 /* who asks for less, and takes none so long, takes none */
#define SCHEDULE_REMEMBER_MS 86400000 /* and what is older is not remembered over a start */
#define SCHEDULE_ROW 3                /* destinations in trouble, until their provider is, too */
#define SCHEDULE_ASKED_MAX 500        /* look-ups at once */
#define SCHEDULE_KNOWN_MS_MIN 60000   /* what was looked up is believed for its TTL, */
#define SCHEDULE_KNOWN_MS_MAX 3600000 /* within these bounds */
#define SCHEDULE_HOSTS_MAX 32         /* MX hosts by which one provider is known */

struct schedule;

struct schedule_provider {
	str key;  /* that of its transport and its name */
	str name; /* for people: an MX host, a fixed host, or as configured; the end of key */
	bool configured;     /* its destinations need not share a host */
	struct list members; /* destinations */
	struct list hosts;   /* MX hosts that lead to it */
	size_t host_count;
	unsigned connections, messages_per_connection; /* its limits: */
	int64_t delay_ms;             /* from the end of a mail to the start of the next */
	int64_t spacing_ms;           /* from start to start */
	int64_t started_ms, ended_ms; /* the last mail */
	unsigned slots;               /* leased: busy, idle or closing */
	unsigned closing;
	unsigned slots_max;    /* not more now: between 1 and connections */
	unsigned successes;    /* since slots_max last changed */
	unsigned failures;     /* in a row */
	unsigned row;          /* destinations in trouble, one after the other */
	int64_t back_off_ms;   /* not before, after failures */
	unsigned throttle;     /* steps down, because the peer asked for it */
	unsigned calm;         /* mails that went through since the last step */
	int64_t throttled_ms;  /* not before, after the last step down */
	int64_t took_ms;       /* the last mail went through; or we began */
	struct fail trouble;   /* the last one, kind FAIL_NONE when all is well */
	struct list idle;      /* of slots */
	struct list turn;      /* of destinations that have ready jobs */
	struct list ready;     /* link among the providers whose turn may come */
	struct heap_node wake; /* when its limits let it go on */
};

struct schedule_destination {
	str identity; /* all that connections are told apart by */
	str key;      /* "TRANSPORT:NEXTHOP", for people: the start of it */
	const struct conf_transport
		*transport; /* of the schedule's router; null while it has no job */
	bool found;         /* mail was waiting for it at the start */
	bool paused;        /* by hand: it, or its provider */
	str nexthop;
	str domain;                         /* of nexthop: whose MX hosts are asked for; "" none */
	struct schedule_provider *provider; /* null: not known yet */
	struct list member;                 /* link among the provider's */
	struct list turn;       /* link among those of the provider that have ready jobs */
	int64_t known_ms;       /* until then the provider is believed */
	uint32_t ticket;        /* of the look-up that is open; 0 none */
	struct list ask;        /* link among those to look up */
	struct list fresh, old; /* jobs, ready ones */
	size_t job_count;       /* in both */
	unsigned fresh_row;     /* fresh ones since the last old one */
	size_t waiting;         /* recipients in ready and in timed jobs */
	unsigned slots;         /* leased: busy, idle or closing */
	unsigned closing;
	struct list idle;  /* of slots */
	unsigned failures; /* of its own: look-ups, and where the provider is configured */
	int64_t back_off_ms;
	struct fail trouble;
	struct heap_node wake;         /* when it need not back off any more */
	struct schedule_job *building; /* while a message is grouped */
};

struct schedule_slot {
	struct list link;       /* among the idle ones of its destination */
	struct list of_all;     /* among the idle ones of the provider */
	struct heap_node close; /* while it is idle: when to hang up */
	struct schedule_destination *destination;
	unsigned worker;
	unsigned mails; /* given to it so far */
	bool busy, closing;
	bool throttled; /* the peer has asked for less, in the mail that it carries */
	void *driver;   /* the worker's connection; null before the first mail */
};

struct schedule_message; /* a message of the schedule: an open promise, or a shelved one */

struct schedule_job {
	union {
		struct list link;     /* READY: among those of its destination; or without a way */
		struct heap_node due; /* TIMED: when it becomes ready */
	};
	struct list sibling; /* among the jobs of its message that wait */
	union {
		struct schedule_message *of; /* while it waits; from START on: */
		struct promise *message;     /* a reference */
	};
	struct schedule_destination *destination; /* null: no way */
	uint16_t count;
	uint8_t place; /* where it waits */
	bool old;      /* it has been tried, or was found at the start: after fresh mail */
	uint32_t rcpts[];
};

struct schedule_act {
	enum {
		SCHEDULE_IDLE,
		SCHEDULE_START,   /* deliver the job over the slot; both are the caller's until
				     schedule_done and schedule_job_free */
		SCHEDULE_HANG_UP, /* close an idle connection, then schedule_hung_up */
		SCHEDULE_RESOLVE, /* ask for the MX hosts of name, then schedule_resolved or
				     schedule_unresolved */
		SCHEDULE_NO_WAY,  /* the job has no destination (schedule_no_way says why): end its
				     recipients */
		SCHEDULE_WARN,    /* the message has waited for long: tell its sender */
		SCHEDULE_EXPIRE,  /* the message has waited too long: end its recipients that are
				     not in hand, not held and not queued any more */
		SCHEDULE_LET_GO,  /* the message has been quarantined for as long as that is kept:
				     end its recipients that still are, and are not in hand */
	} kind;
	struct schedule_slot *slot;
	struct schedule_job *job;
	struct promise *message; /* WARN, EXPIRE, LET_GO: borrowed */
	str name;                /* RESOLVE: lives until the next call */
	uint32_t ticket;         /* RESOLVE */
};

struct schedule *schedule_new(
	struct router *router, unsigned workers, uint64_t seed, int64_t now_ms) MUST_USE;
void schedule_free(struct schedule *s); /* no slot may be busy */

/* New routes and limits: all that waits is grouped anew, in steps of schedule_next, until which
 * nothing is started; what is known of providers stays. */
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

/* Call it until IDLE, and again at schedule_deadline_ms.  One call does bounded work: where very
 * much is due at once, it says IDLE with more to do, and that moment is past already. */
struct schedule_act schedule_next(struct schedule *s, int64_t now_ms) MUST_USE;

/* We stop: from now on nothing is started, and idle connections are hung up at once. */
void schedule_stop(struct schedule *s);
int64_t schedule_deadline_ms(const struct schedule *s) MUST_USE; /* INT64_MAX: none */

/* The wall clock was set, by so much: limits and back-off go by the time that has passed. */
void schedule_clock_set(struct schedule *s, int64_t by_ms);

/* The MX hosts of a RESOLVE, the best first, at least one, and how long they are good for; or why
 * they could not be learnt: then the destination backs off, unless something was known before, for
 * who does not know the provider cannot keep its limits.  A ticket whose asker has gone is dropped.
 */
void schedule_resolved(struct schedule *s, uint32_t ticket, const str *hosts, size_t count,
	int64_t keep_ms, int64_t now_ms);
void schedule_unresolved(
	struct schedule *s, uint32_t ticket, const struct fail *why, int64_t now_ms);

/* The connection of a HANG_UP is closed. */
void schedule_hung_up(struct schedule *s, struct schedule_slot *slot, int64_t now_ms);

/* How the lease of a slot goes on. */
enum schedule_after {
	SCHEDULE_KEPT,    /* the connection is open and may carry another mail */
	SCHEDULE_CLOSED,  /* it is closed, in order */
	SCHEDULE_TROUBLE, /* it could not be made, or broke before a mail began: *why */
};

/* The job of a START is over (its recipients have been put down or kept in hand by the caller
 * before).  After CLOSED and TROUBLE, which are said when the connection is closed, the slot is
 * gone. */
void schedule_done(struct schedule *s, struct schedule_slot *slot, enum schedule_after after,
	const struct fail *why, int64_t now_ms);
void schedule_job_free(struct schedule_job *job);

/* Does the reply of a peer ask for less mail?  Words that all peers use, and those of the provider
 * (throttle): then *rule is its line, else "".  If it does, say so before schedule_done: fewer
 * connections, a pause, and pauses between mails; after each SCHEDULE_CALM mails that went through
 * one step back.  False: it was known already. */
bool schedule_throttles(const struct schedule *s, const struct schedule_destination *d,
	const struct fail *reply, struct conf_origin *rule) MUST_USE;
bool schedule_throttled(
	struct schedule *s, struct schedule_slot *slot, const struct fail *reply, int64_t now_ms);

/* By hand: start nothing to what is called so, a provider, a next hop or "TRANSPORT:NEXTHOP", now
 * or later: destinations hear of it in steps of schedule_next, as with new routes.  False: it was
 * so already. */
bool schedule_pause(struct schedule *s, str name);
bool schedule_resume(struct schedule *s, str name);
const struct map *schedule_paused(const struct schedule *s); /* keys: the names, in lower case */

/* What is to be remembered over a restart: has it changed since it was written, write it; read it
 * back, where false says that it is broken, and as much as could be read is known. */
bool schedule_changed(const struct schedule *s) MUST_USE;
void schedule_note(struct schedule *s, struct buf *to, int64_t now_ms);
bool schedule_recall(struct schedule *s, str note, int64_t now_ms) MUST_USE;

/* The admin: try it now, whatever was planned; wanted: of each recipient, or null for all. */
void schedule_retry(struct schedule *s, struct promise *m, const bool *wanted, int64_t now_ms);

/* Is the message older than its lifetime? */
bool schedule_expired(const struct schedule *s, const struct promise *m, int64_t now_ms) MUST_USE;

/* Does all that waits of it wait for destinations that back off?  Then it will be a while. */
bool schedule_backs_off(const struct promise *m) MUST_USE;

/* For people: failures in a row, not before when it is tried again, and the last trouble. */
unsigned schedule_destination_failures(const struct schedule_destination *d) MUST_USE;
int64_t schedule_destination_not_before_ms(const struct schedule_destination *d) MUST_USE;
const struct fail *schedule_destination_trouble(const struct schedule_destination *d) MUST_USE;

/* The last trouble with where a way leads; *why stays when there is none. */
void schedule_destination_why(struct schedule *s, const struct route_way *way, struct fail *why);

/* Is that the destination of the way: its next hop, "TRANSPORT:NEXTHOP", or its provider's name? */
bool schedule_way_is(struct schedule *s, const struct route_way *way, str name) MUST_USE;

/* The wait after the attempts-th failure. */
int64_t schedule_wait_ms(struct schedule *s, unsigned attempts);

/* Why the one recipient of a NO_WAY has none. */
void schedule_no_way(struct schedule *s, const struct schedule_job *job, struct fail *why);

/* A message of the queue, borrowed until the next call of schedule_next, or null. */
struct promise *schedule_find(struct schedule *s, uint64_t id) MUST_USE;

/* May the message have this text in its envelope, whatever the case?  Cheaper than to look: it is
 * what a search through a long queue asks first. */
bool schedule_mentions(const struct schedule *s, uint64_t id, str text) MUST_USE;

bool schedule_has(const struct schedule *s, uint64_t id) MUST_USE;

/* The same to look at only: the caller's reference.  What is shelved stays there. */
struct promise *schedule_look(struct schedule *s, uint64_t id) MUST_USE;

/* All that wait: how many messages and recipients, and when the oldest came in, 0: none.  It goes
 * over all of them when the oldest of the last time has left. */
struct schedule_sum {
	size_t messages, recipients;
	int64_t oldest_ms;
};
struct schedule_sum schedule_sum(struct schedule *s) MUST_USE;

const struct map *schedule_destinations(const struct schedule *s); /* values: destinations */

#endif
