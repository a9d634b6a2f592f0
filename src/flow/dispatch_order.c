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

/* All that are wanted, wait, and are not in hand. */
static void begin(struct order *o, struct dispatch *d, struct promise *m, const bool *wanted)
{
	*o = (struct order){ .dispatch = d, .message = promise_keep(m) };
	o->rcpts = mem_zero(m->envelope.rcpt_count * sizeof *o->rcpts);
	for (size_t i = 0; i < m->envelope.rcpt_count; i++)
		if (m->rcpts[i].state == SPOOL_WAITING && !m->rcpts[i].in_hand &&
			(!wanted || wanted[i]))
			o->rcpts[o->count++] = (uint32_t)i;
	if (o->count > 0)
		schedule_withdraw(d->schedule, m, dispatch_now_ms(d));
}

/* Those that were not meant wait as before. */
static size_t end(struct order *o)
{
	size_t count = o->count;

	if (count > 0)
		schedule_add(o->dispatch->schedule, o->message, dispatch_now_ms(o->dispatch));
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

size_t dispatch_order_retry(struct dispatch *d, struct promise *m, const bool *wanted)
{
	size_t tried = 0;

	for (size_t i = 0; i < m->envelope.rcpt_count; i++) /* in hand: it is being tried */
		tried += m->rcpts[i].state == SPOOL_WAITING && !m->rcpts[i].held &&
			 (!wanted || wanted[i]);
	if (tried > 0)
		schedule_retry(d->schedule, m, wanted, dispatch_now_ms(d));
	dispatch_pump(d);
	return tried;
}

static size_t set_held(
	struct dispatch *d, struct promise *m, const bool *wanted, bool held, const char *event)
{
	struct order o;

	begin(&o, d, m, wanted);
	for (size_t i = 0; i < o.count; i++) {
		m->rcpts[o.rcpts[i]].held = held;
		m->rcpts[o.rcpts[i]].quarantined = false; /* from now on it is the admin's */
		m->rcpts[o.rcpts[i]].next_ms = !held;     /* long ago; 0 is what a rule held */
	}
	log_order(&o, event);
	outcome_note(d, m, o.rcpts, o.count);
	dispatch_hold_count(d, m);
	return end(&o);
}

size_t dispatch_order_hold(struct dispatch *d, struct promise *m, const bool *wanted)
{
	return set_held(d, m, wanted, true, "held");
}

size_t dispatch_order_release(struct dispatch *d, struct promise *m, const bool *wanted)
{
	return set_held(d, m, wanted, false, "released");
}

size_t dispatch_order_bounce(struct dispatch *d, struct promise *m, const bool *wanted)
{
	struct notice_rcpt *told;
	struct order o;

	begin(&o, d, m, wanted);
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

size_t dispatch_order_delete(struct dispatch *d, struct promise *m, const bool *wanted)
{
	struct order o;

	begin(&o, d, m, wanted);
	take_in_hand(&o);
	log_order(&o, "deleted");
	dispatch_end(d, m, o.rcpts, o.count, SPOOL_DELETED);
	return end(&o);
}

void dispatch_import(struct dispatch *d, struct promise *m)
{
	uint32_t *waited = mem_zero(m->envelope.rcpt_count * sizeof *waited);
	size_t count = 0;

	promise_keep(m);
	schedule_add(d->schedule, m, dispatch_now_ms(d));
	for (size_t i = 0; i < m->envelope.rcpt_count; i++)
		if (m->rcpts[i].held || m->rcpts[i].attempts > 0)
			waited[count++] = (uint32_t)i;
	outcome_note(d, m, waited, count);
	mem_free(waited);
	promise_drop(m);
	dispatch_pump(d);
}
