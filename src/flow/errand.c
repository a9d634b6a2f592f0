#include "flow/errand.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "flow/dispatch_inside.h"
#include "flow/outbound.h"

/* --- hanging up --------------------------------------------------------------------------------
 */

struct hang_up {
	struct loop_task task;
	struct dispatch *dispatch;
	struct schedule_slot *slot;
};

static void hung_up_back(struct loop_task *task)
{
	struct hang_up *h = AROUND(task, struct hang_up, task);
	struct dispatch *d = h->dispatch;

	schedule_hung_up(d->schedule, h->slot, dispatch_now_ms(d));
	mem_free(h);
	dispatch_over(d);
}

static void hung_up(void *owner)
{
	struct hang_up *h = owner;

	h->task.run = hung_up_back;
	loop_post(h->dispatch->loop, &h->task);
}

static void hang_up_there(struct loop_task *task)
{
	struct hang_up *h = AROUND(task, struct hang_up, task);

	outbound_hang_up(h->slot->driver, hung_up, h);
}

void errand_hang_up(struct dispatch *d, const struct schedule_act *act)
{
	struct hang_up *h;

	if (!act->slot->driver) {
		schedule_hung_up(d->schedule, act->slot, dispatch_now_ms(d));
		return;
	}
	h = MEM_NEW(struct hang_up);
	h->dispatch = d;
	h->slot = act->slot;
	h->task.run = hang_up_there;
	dispatch_begin(d);
	loop_post(d->workers[act->slot->worker]->loop, &h->task);
}

/* --- looking up --------------------------------------------------------------------------------
 */

struct look_up {
	struct resolve_query query;
	struct dispatch *dispatch;
	uint32_t ticket;
};

static int by_preference(const void *one, const void *other)
{
	const struct dns_record *a = one, *b = other;

	return a->preference != b->preference ? a->preference - b->preference
					      : str_compare(a->name, b->name);
}

/* The hosts of an answer, the best first, and for how long they are so. */
static size_t read_hosts(
	const struct dns_records *records, str hosts[HOP_HOSTS_MAX], uint32_t *ttl_s)
{
	size_t count = 0;

	qsort(records->records, records->count, sizeof *records->records, by_preference);
	*ttl_s = UINT32_MAX;
	for (size_t i = 0; i < records->count; i++) {
		const struct dns_record *r = &records->records[i];

		if (r->ttl_s < *ttl_s)
			*ttl_s = r->ttl_s;
		if (r->type == DNS_MX && r->name.n > 0 && count < HOP_HOSTS_MAX)
			hosts[count++] = r->name;
	}
	return count;
}

static void not_found_out(struct dispatch *d, const struct look_up *l)
{
	struct fail why;
	struct log_record r;

	fail_with(&why, FAIL_TEMPORARY, "4.4.3", "look-up of %s MX: %s", l->query.name,
		l->query.trouble);
	log_open(&r, LOG_INFO, "no-conversation");
	log_str(&r, "host", str_of(l->query.name));
	log_fail(&r, &why);
	log_close(&r);
	schedule_unresolved(d->schedule, l->ticket, &why, dispatch_now_ms(d));
}

static void looked_up(struct resolve_query *q)
{
	struct look_up *l = AROUND(q, struct look_up, query);
	struct dispatch *d = l->dispatch;
	str hosts[HOP_HOSTS_MAX] = { str_of(q->name) }; /* RFC 5321 section 5.1: its own MX host */
	size_t count = 0;
	uint32_t ttl_s = 0;

	if (q->outcome == RESOLVE_FOUND)
		count = read_hosts(q->records, hosts, &ttl_s);
	if (q->outcome == RESOLVE_TROUBLE)
		not_found_out(d, l);
	else
		schedule_resolved(d->schedule, l->ticket, hosts, count > 0 ? count : 1,
			(int64_t)ttl_s * 1000, dispatch_now_ms(d));
	dns_records_free(q->records);
	mem_free(l);
	dispatch_over(d);
}

void errand_look_up(struct dispatch *d, const struct schedule_act *act)
{
	struct look_up *l = MEM_NEW(struct look_up);

	l->dispatch = d;
	l->ticket = act->ticket;
	dispatch_begin(d);
	resolve_query_init(&l->query, d->loop, act->name, DNS_MX, looked_up);
	resolve_ask(d->flow.resolver, &l->query);
}
