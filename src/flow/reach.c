#include "flow/reach.h"

#include "base/mem.h"
#include "route/nexthop.h"

struct reach {
	struct flow *flow;
	struct hop *hop;
	struct list lookups; /* open questions */
	const struct reach_handler *handler;
	void *owner;
	bool wanted; /* reach_next waits for look-ups */
};

struct lookup {
	struct list link;
	struct resolve_query query;
	struct reach *reach; /* null: nobody waits any more */
	uint32_t ticket;
};

static void go_on(struct reach *r);

static void looked_up(struct resolve_query *q)
{
	static const enum hop_answer answers[] = { [RESOLVE_FOUND] = HOP_FOUND,
		[RESOLVE_NO_NAME] = HOP_NO_NAME,
		[RESOLVE_NO_DATA] = HOP_NO_DATA,
		[RESOLVE_TROUBLE] = HOP_TROUBLE };
	struct lookup *lookup = AROUND(q, struct lookup, query);
	struct reach *r = lookup->reach;

	if (r) {
		list_remove(&lookup->link);
		hop_answer(r->hop, lookup->ticket, answers[q->outcome], q->records);
	}
	dns_records_free(q->records);
	mem_free(lookup);
	if (r && r->wanted)
		go_on(r);
}

static void look_up(struct reach *r, const struct hop_act *act)
{
	struct lookup *lookup = MEM_NEW(struct lookup);

	lookup->reach = r;
	lookup->ticket = act->ticket;
	list_append(&r->lookups, &lookup->link);
	resolve_query_init(&lookup->query, r->flow->loop, act->name, act->type, looked_up);
	resolve_ask(r->flow->resolver, &lookup->query);
}

static void go_on(struct reach *r)
{
	for (;;) {
		struct hop_act act = hop_next(r->hop);

		switch (act.kind) {
		case HOP_ASK:
			look_up(r, &act);
			break;
		case HOP_WAIT:
			return;
		case HOP_TRY:
			r->wanted = false;
			r->handler->address(r->owner, &act.address, act.host);
			return;
		case HOP_FAILED:
			r->wanted = false;
			r->handler->nothing(r->owner, hop_why(r->hop));
			return;
		}
	}
}

void reach_next(struct reach *r)
{
	r->wanted = true;
	go_on(r);
}

static struct hop *hop_of(struct flow *f, const struct conf_transport *t, str nexthop)
{
	struct nexthop to = nexthop_of(t, nexthop);

	if (to.kind == NEXTHOP_HOST)
		return hop_host(to.host, to.port);
	return hop_domain(to.host, to.port, &f->self, &f->prng);
}

struct reach *reach_new(struct flow *f, const struct conf_transport *transport, str nexthop,
	const struct reach_handler *handler, void *owner)
{
	struct reach *r = MEM_NEW(struct reach);

	r->flow = f;
	r->handler = handler;
	r->owner = owner;
	list_init(&r->lookups);
	r->hop = hop_of(f, transport, nexthop);
	return r;
}

void reach_free(struct reach *r)
{
	if (!r)
		return;
	LIST_EACH_SAFE (link, &r->lookups) {
		struct lookup *lookup = AROUND(link, struct lookup, link);

		list_remove(&lookup->link);
		lookup->reach = NULL;
	}
	hop_free(r->hop);
	mem_free(r);
}
