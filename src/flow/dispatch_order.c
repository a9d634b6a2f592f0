#include "flow/dispatch_order.h"

#include "base/log.h"
#include "base/mem.h"
#include "flow/dispatch_inside.h"
#include "flow/notice.h"

/* The recipients of a message that an order is about. */
struct order {
	struct dispatch *dispatch;
	struct promise *message; /* a reference: an order may end it */
	uint32_t *rcpts;
	size_t count;
};

static void log_order(const struct order *o, const char *event)
{
	struct log_record r;

	if (o->count == 0)
		return;
	log_open(&r, LOG_INFO, event);
	log_id(&r, "id", o->message->envelope.id);
	log_str(&r, "from", o->message->envelope.sender);
	log_int(&r, "recipients", (int64_t)o->count);
	log_c(&r, "rule", "by order");
	log_close(&r);
}

/* All that wait and are not in hand. */
static void begin(struct order *o, struct dispatch *d, struct promise *m)
{
	*o = (struct order){ .dispatch = d, .message = promise_keep(m) };
	o->rcpts = mem_zero(m->envelope.rcpt_count * sizeof *o->rcpts);
	for (size_t i = 0; i < m->envelope.rcpt_count; i++)
		if (m->rcpts[i].state == SPOOL_WAITING && !m->rcpts[i].in_hand)
			o->rcpts[o->count++] = (uint32_t)i;
}

static size_t end(struct order *o)
{
	size_t count = o->count;

	mem_free(o->rcpts);
	promise_drop(o->message);
	dispatch_pump(o->dispatch);
	return count;
}

static void take_in_hand(struct order *o)
{
	for (size_t i = 0; i < o->count; i++)
		o->message->rcpts[o->rcpts[i]].in_hand = true;
}

size_t dispatch_order_retry(struct dispatch *d, struct promise *m)
{
	size_t tried = 0;

	schedule_retry(d->schedule, m, dispatch_now_ms(d));
	for (size_t i = 0; i < m->envelope.rcpt_count; i++) /* in hand: it is being tried */
		tried += m->rcpts[i].state == SPOOL_WAITING && !m->rcpts[i].held;
	dispatch_pump(d);
	return tried;
}

static size_t set_held(struct dispatch *d, struct promise *m, bool held, const char *event)
{
	struct order o;

	begin(&o, d, m);
	schedule_withdraw(d->schedule, m, dispatch_now_ms(d));
	for (size_t i = 0; i < o.count; i++) {
		m->rcpts[o.rcpts[i]].held = held;
		m->rcpts[o.rcpts[i]].next_ms = !held; /* long ago; 0 is what a rule held */
	}
	log_order(&o, event);
	outcome_note(d, m, o.rcpts, o.count);
	schedule_add(d->schedule, m, dispatch_now_ms(d));
	return end(&o);
}

size_t dispatch_order_hold(struct dispatch *d, struct promise *m)
{
	return set_held(d, m, true, "held");
}

size_t dispatch_order_release(struct dispatch *d, struct promise *m)
{
	return set_held(d, m, false, "released");
}

size_t dispatch_order_bounce(struct dispatch *d, struct promise *m)
{
	struct notice_rcpt *told;
	struct order o;

	begin(&o, d, m);
	schedule_withdraw(d->schedule, m, dispatch_now_ms(d));
	told = mem_zero(m->envelope.rcpt_count * sizeof *told);
	for (size_t i = 0; i < o.count; i++) {
		told[i] = (struct notice_rcpt){ .rcpt = o.rcpts[i], .ours = true };
		fail_with(&told[i].reply, FAIL_PERMANENT, "5.0.0",
			"The administrator of this server has ended the delivery");
	}
	take_in_hand(&o);
	log_order(&o, "returned");
	dispatch_tell(d, m, DSN_FAILED, told, o.count);
	mem_free(told);
	return end(&o);
}

size_t dispatch_order_delete(struct dispatch *d, struct promise *m)
{
	struct order o;

	begin(&o, d, m);
	schedule_withdraw(d->schedule, m, dispatch_now_ms(d));
	take_in_hand(&o);
	log_order(&o, "deleted");
	dispatch_end(d, m, o.rcpts, o.count, SPOOL_DELETED);
	return end(&o);
}
