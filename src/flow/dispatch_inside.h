/*
 * flow/dispatch_inside - what the files of the dispatcher share
 */
#ifndef FLOW_DISPATCH_INSIDE_H
#define FLOW_DISPATCH_INSIDE_H

#include "flow/delivery.h"
#include "flow/dispatch.h"
#include "flow/notice.h"

struct dispatch {
	struct loop *loop;
	struct schedule *schedule;
	struct flow flow; /* for notices: they are made in the main loop */
	struct flow *const *workers;
	struct loop_timer timer, note_timer;
	int64_t wall_offset_ms; /* from the steady clock to the wall's, as the schedule knows it */
	bool serving, stopping, pumping;
	unsigned on_their_way; /* deliveries, notices and records */
	void (*quiet)(void *owner);
	void *owner;
};

void dispatch_pump(struct dispatch *d); /* do what the schedule wants now */

/* One notice for each run of recipients that have the same sender. */
void dispatch_tell(struct dispatch *d, struct promise *m, enum dsn_action action,
	const struct notice_rcpt *rcpts, size_t count);

/* The wall clock; the schedule has been told if somebody has set it. */
int64_t dispatch_now_ms(struct dispatch *d) MUST_USE;

/* flow/dispatch_memory: write down what has changed; know it again; and hear whether a peer asks
 * for less, before the delivery is said to be done. */
void dispatch_remember_soon(struct dispatch *d);
void dispatch_recall(struct dispatch *d);
void dispatch_hear(struct dispatch *d, const struct delivery *v);

/* flow/dispatch_aside: hold what was in hand at too many crashes, before anything is tried. */
void dispatch_aside_hold(struct dispatch *d);

/* flow/dispatch_rule: a job for discard or error. */
void dispatch_rule_end(struct dispatch *d, const struct schedule_act *act);

/* flow/dispatch_hold: of a message that came in to be held, hold those that nothing has happened to
 * (rcpts null: all).  What is quarantined of it has become less, or is found; and has been there
 * for long enough. */
void dispatch_hold_untouched(struct promise *m, const struct spool_rcpt *rcpts);
void dispatch_hold_count(struct dispatch *d, struct promise *m);
void dispatch_hold_let_go(struct dispatch *d, struct promise *borrowed);

/* flow/outcome: what dispatch_end promises. */
void outcome_end(struct dispatch *d, struct promise *m, const uint32_t *rcpts, size_t count,
	enum spool_rcpt_state end);

/* flow/outcome: write down how these recipients wait. */
void outcome_note(struct dispatch *d, struct promise *m, const uint32_t *rcpts, size_t count);

/* flow/outcome: do what the results of a job ask for, recipient by recipient.  trouble: why
 * recipients come back untried, or null when none does.  final: the mail has arrived where people
 * read it.  remote: the peer's name, or "". */
void outcome_settle(struct dispatch *d, struct promise *m, const struct schedule_job *job,
	const struct delivery_result *results, const struct fail *trouble, bool final,
	const char *remote);

#endif
