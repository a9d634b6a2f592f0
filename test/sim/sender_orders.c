/* What an administrator does with the quarantine, and whether what it counts is what is there. */
#include "test/sim/sender.h"

#include "daemon/mail.h"
#include "flow/dispatch_order.h"
#include "queue/schedule_ids.h"
#include "test/sim/pivot.h"
#include "test/sim/trace.h"

/* P8: what is there has a place, and there are no more places.  Returns how many have a place and
 * are not there yet, on their way from a worker. */
static uint64_t compare(struct mail *m)
{
	struct schedule *s = dispatch_schedule(mail_dispatch(m));
	struct quarantine_sum there = { 0 };
	struct status status;
	struct schedule_ids ids = { 0 };
	uint64_t id;

	mail_status(m, &status);
	while (schedule_ids_gather(&ids, s))
		;
	while (schedule_ids_next(&ids, &id)) {
		struct promise *p = schedule_look(s, id);

		there.messages += promise_quarantined(p);
		there.octets += promise_quarantined(p) ? p->envelope.octets : 0;
		promise_drop(p);
	}
	schedule_ids_free(&ids);
	if (status.quarantine.messages < there.messages ||
		status.quarantine.octets < there.octets ||
		status.quarantine.messages > SENDER_PLACES)
		sim_fail("P8: %llu messages are quarantined, and %llu counted",
			(unsigned long long)there.messages,
			(unsigned long long)status.quarantine.messages);
	return status.quarantine.messages - there.messages;
}

static void order(struct mail *m, void *owner)
{
	struct dispatch *d = mail_dispatch(m);
	enum sender_order what = (enum sender_order)sim_between(0, SENDER_ORDERS - 1);
	uint64_t id, coming = compare(m);
	struct promise *p;

	(void)owner;
	if (!sender_mail_pick(&id) || !(p = schedule_find(dispatch_schedule(d), id)))
		return;
	sender_mail_ordered(id, what);
	trace("by order, %d", (int)what);
	switch (what) {
	case SENDER_RELEASE:
		(void)!dispatch_order_release(d, p, NULL);
		break;
	case SENDER_HOLD:
		(void)!dispatch_order_hold(d, p, NULL);
		break;
	case SENDER_DELETE:
		(void)!dispatch_order_delete(d, p, NULL);
		break;
	case SENDER_ORDERS:
		break;
	}
	if (compare(m) != coming)
		sim_fail("P8: an order has put the count of the quarantine wrong");
}

void sender_orders_turn(void)
{
	pivot_order(order, NULL);
}

/* What somebody has held himself would stay there for ever. */
static void end_one(struct mail *m, struct promise *p)
{
	if (promise_quarantined(p))
		return;
	sender_mail_ordered(p->envelope.id, SENDER_DELETE);
	(void)!dispatch_order_delete(mail_dispatch(m), p, NULL);
}

static void end(struct mail *m, void *owner)
{
	(void)owner;
	pivot_each_held(m, end_one);
}

void sender_orders_end(void)
{
	pivot_order(end, NULL);
}

static void check_empty(struct mail *m, void *owner)
{
	struct status status;

	(void)owner;
	mail_status(m, &status);
	if (status.quarantine.messages > 0 || status.quarantine.octets > 0)
		sim_fail("P8: nothing is quarantined, and %llu messages are counted",
			(unsigned long long)status.quarantine.messages);
}

void sender_orders_over(void)
{
	pivot_order(check_empty, NULL);
}
