#include "world/resolve.h"

#include <assert.h>

#include "base/list.h"
#include "base/mem.h"
#include "dns/zone.h"
#include "test/sim/dns.h"
#include "test/sim/sim.h"
#include "test/sim/trace.h"

struct dns_faults dns_faults;

struct resolver {
	struct list questions;
};

struct question {
	struct sim_event event;
	struct list link;
	struct resolve_query *query;
};

struct resolver *resolve_open(const struct resolve_setup *setup, struct fail *why)
{
	struct resolver *r = MEM_NEW(struct resolver);

	(void)setup;
	(void)why;
	list_init(&r->questions);
	return r;
}

static void trouble(struct resolve_query *q, const char *why)
{
	q->outcome = RESOLVE_TROUBLE;
	str_to_c(str_of(why), q->trouble, sizeof q->trouble);
}

static void look_up(struct resolve_query *q)
{
	struct fail why = { 0 };
	struct dns_zone *zone = dns_zone_parse(dns_faults.zone, &why);

	assert(zone);
	q->records = NULL;
	q->trust = RESOLVE_INSECURE;
	switch (dns_zone_find(zone, str_of(q->name), q->type, &q->records)) {
	case ZONE_FOUND:
		q->outcome = RESOLVE_FOUND;
		break;
	case ZONE_NO_NAME:
		q->outcome = RESOLVE_NO_NAME;
		break;
	case ZONE_NO_DATA:
		q->outcome = RESOLVE_NO_DATA;
		break;
	case ZONE_SERVFAIL:
		trouble(q, "SERVFAIL");
		break;
	case ZONE_TIMEOUT:
		trouble(q, "timeout");
		break;
	}
	dns_zone_free(zone);
}

static void question_drop(struct sim_event *e)
{
	mem_free(AROUND(e, struct question, event));
}

static void question_run(struct sim_event *e)
{
	struct question *question = AROUND(e, struct question, event);
	struct resolve_query *q = question->query;

	list_remove(&question->link);
	mem_free(question);
	trace("dns %s %s: %s", q->name, dns_type_name(q->type),
		q->outcome == RESOLVE_FOUND     ? "found"
		: q->outcome == RESOLVE_TROUBLE ? q->trouble
						: "nothing");
	q->answered(q);
}

void resolve_query_init(struct resolve_query *q, struct loop *loop, str name, enum dns_type type,
	void (*answered)(struct resolve_query *q))
{
	*q = (struct resolve_query){ .loop = loop, .answered = answered, .type = type };
	if (name.n <= DNS_NAME_MAX) /* a longer one does not exist: nor does "" */
		str_to_c(name, q->name, sizeof q->name);
}

void resolve_ask(struct resolver *r, struct resolve_query *q)
{
	struct question *question = MEM_NEW(struct question);
	int64_t late_ns = sim_between(20000, dns_faults.latency_ns_max);

	question->event = (struct sim_event){ .run = question_run, .drop = question_drop };
	question->query = q;
	look_up(q);
	if (sim_chance(dns_faults.trouble_per_mille)) {
		dns_records_free(q->records);
		q->records = NULL;
		trouble(q, "simulated trouble");
	}
	if (sim_chance(dns_faults.slow_per_mille))
		late_ns = sim_between(SIM_S, RESOLVE_MS_MAX * SIM_MS);
	if (q->outcome == RESOLVE_TROUBLE && strcmp(q->trouble, "timeout") == 0)
		late_ns = RESOLVE_MS_MAX * SIM_MS;
	list_append(&r->questions, &question->link);
	sim_push(q->loop, &question->event, sim_here_ns() + late_ns);
}

/* Open questions are answered at once, on the loops that asked. */
void resolve_close(struct resolver *r)
{
	LIST_EACH_SAFE (link, &r->questions) {
		struct question *question = AROUND(link, struct question, link);

		dns_records_free(question->query->records);
		question->query->records = NULL;
		trouble(question->query, "the resolver is closed");
		list_remove(&question->link);
		sim_push(question->query->loop, &question->event, sim_here_ns() + 1000);
	}
	mem_free(r);
}
