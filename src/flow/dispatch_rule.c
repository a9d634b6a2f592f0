/* flow/dispatch: what a rule ends, without a worker. */
#include "base/log.h"
#include "base/mem.h"
#include "flow/dispatch_inside.h"

/* The line that ends this recipient: that of the transport, or the row that leads to it. */
static void print_rule(struct dispatch *d, const struct conf_transport *t, const struct promise *m,
	size_t rcpt, char to[CONF_ORIGIN_TEXT_MAX])
{
	struct route_mail mail = promise_mail(m, rcpt);
	struct route_way way = { .origin = t->origin };
	struct arena a;

	arena_init(&a, ARENA_UNLIMITED);
	if (t->origin.file.n == 0 &&
		!route_find(schedule_router(d->schedule), &a, &mail, &way, NULL))
		way.origin = t->origin;
	conf_origin_print(&way.origin, to);
	arena_free(&a);
}

static void discard(struct dispatch *d, const struct schedule_act *act, struct promise *m)
{
	const struct conf_transport *t = act->slot->destination->transport;

	for (size_t i = 0; i < act->job->count; i++) {
		str address = m->envelope.rcpts[act->job->rcpts[i]].address;
		char rule[CONF_ORIGIN_TEXT_MAX];
		struct log_record r;

		print_rule(d, t, m, act->job->rcpts[i], rule);
		FLOW_COUNT(&d->flow, discarded);
		log_open(&r, LOG_INFO, "discarded");
		log_id(&r, "id", m->envelope.id);
		log_str(&r, "to", address);
		log_c(&r, "rule", rule);
		log_close(&r);
	}
	dispatch_end(d, m, act->job->rcpts, act->job->count, SPOOL_DISCARDED);
}

static void refuse(struct dispatch *d, const struct schedule_act *act, struct promise *m)
{
	const struct schedule_destination *to = act->slot->destination;
	struct route_way way = { .transport = to->transport, .nexthop = to->nexthop };
	struct delivery_result *results = mem_zero(act->job->count * sizeof *results);
	str status, words;

	route_error(&way, &status, &words);
	for (size_t i = 0; i < act->job->count; i++) {
		struct delivery_result *result = &results[i];
		bool later = str_starts(status, S("4"));

		result->end = later ? DELIVERY_LATER : DELIVERY_REFUSED;
		result->ours = true;
		fail_with(&result->reply, later ? FAIL_TEMPORARY : FAIL_PERMANENT, "", "%.*s",
			STR(words));
		str_to_c(status, result->reply.status, sizeof result->reply.status);
		print_rule(d, to->transport, m, act->job->rcpts[i], result->reply.origin);
	}
	outcome_settle(d, m, act->job, results, NULL, false, "");
	mem_free(results);
}

void dispatch_rule_end(struct dispatch *d, const struct schedule_act *act)
{
	struct promise *m = promise_keep(act->job->message);

	if (act->slot->destination->transport->kind == CONF_DISCARD)
		discard(d, act, m);
	else
		refuse(d, act, m);
	schedule_done(d->schedule, act->slot, SCHEDULE_CLOSED, NULL, dispatch_now_ms(d));
	schedule_job_free(act->job);
	promise_drop(m);
}
