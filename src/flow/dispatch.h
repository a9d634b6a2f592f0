/*
 * flow/dispatch - what happens to a message once it is ours
 *
 * One for the whole daemon, on the main loop: it drives the schedule, gives mails to the workers,
 * writes down what became of every recipient (P2), and has the senders told.
 */
#ifndef FLOW_DISPATCH_H
#define FLOW_DISPATCH_H

#include "flow/flow.h"
#include "queue/schedule.h"

struct dispatch;

struct dispatch_setup {
	struct loop *loop;
	struct router *router;
	struct spool *spool; /* null: given later, by dispatch_serve */
	struct id_source *ids;
	struct flow_numbers *numbers;
	struct quarantine *quarantine;
	struct flow *const *workers;
	unsigned worker_count;
	uint64_t seed;
};

struct dispatch *dispatch_new(const struct dispatch_setup *setup) MUST_USE;
void dispatch_free(struct dispatch *d); /* after dispatch_stop has said that all is quiet */

/* A message that the spool found at the start: before dispatch_serve.  See spool_found. */
void dispatch_found(void *owner, const struct spool_found *found);
void dispatch_serve(struct dispatch *d, struct spool *spool, struct resolver *resolver,
	struct work *signer); /* signer: of notices */

/* A new message, from any thread; takes the reference. */
void dispatch_accept(struct dispatch *d, struct promise *m);

void dispatch_reload(struct dispatch *d, struct router *router);

/* By hand: pause, or resume, what is called so (schedule_pause).  False: it was so already. */
bool dispatch_pause(struct dispatch *d, str name, bool pause);

/* Write down what is to be remembered of providers; done, which may be null, is called in the main
 * loop when it is durable, or with why it is not. */
void dispatch_remember(
	struct dispatch *d, void (*done)(void *owner, const struct fail *why), void *owner);

/* The first step of a stop: no delivery begins from now on; those that run go on. */
void dispatch_start_no_more(struct dispatch *d);

/* The last one: quiet is called when no delivery, bounce or record is on its way. */
void dispatch_stop(struct dispatch *d, void (*quiet)(void *owner), void *owner);

struct schedule *dispatch_schedule(const struct dispatch *d);
struct loop *dispatch_loop(const struct dispatch *d);
struct flow *dispatch_flow(
	struct dispatch *d); /* of the main loop: for who reads or writes there */

/* Deliveries, notices and records that have not ended: who orders much waits for them. */
unsigned dispatch_on_their_way(const struct dispatch *d) MUST_USE;

/* A message that an import has made durable, with how its recipients waited: their holds and
 * attempts are written down.  Takes the reference. */
void dispatch_import(struct dispatch *d, struct promise *m);

/* For flow/notice: a message that we made, and the end of recipients that it was about. */
void dispatch_own(struct dispatch *d, struct promise *m);
void dispatch_end(struct dispatch *d, struct promise *m, const uint32_t *rcpts, size_t count,
	enum spool_rcpt_state end);
void dispatch_begin(struct dispatch *d); /* something is on its way: not quiet before ... */
void dispatch_over(struct dispatch *d);
void dispatch_put_down(struct dispatch *d, struct promise *m, const uint32_t *rcpts, size_t count);

#endif
