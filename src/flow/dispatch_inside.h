/*
 * flow/dispatch_inside - what the files of the dispatcher share
 */
#ifndef FLOW_DISPATCH_INSIDE_H
#define FLOW_DISPATCH_INSIDE_H

#include "flow/delivery.h"
#include "flow/dispatch.h"

struct dispatch {
	struct loop *loop;
	struct schedule *schedule;
	struct flow flow; /* for notices: they are made in the main loop */
	struct flow *const *workers;
	struct loop_timer timer;
	bool serving, stopping, pumping;
	unsigned on_their_way; /* deliveries, notices and records */
	void (*quiet)(void *owner);
	void *owner;
};

/* flow/outcome: what dispatch_end promises. */
void outcome_end(struct dispatch *d, struct promise *m, const uint32_t *rcpts, size_t count,
	enum spool_rcpt_state end);

/* flow/outcome: do what the results of a job ask for, recipient by recipient.  trouble: why
 * recipients come back untried, or null when none does.  final: the mail has arrived where people
 * read it.  remote: the peer's name, or "". */
void outcome_settle(struct dispatch *d, struct promise *m, const struct schedule_job *job,
	const struct delivery_result *results, const struct fail *trouble, bool final,
	const char *remote);

#endif
