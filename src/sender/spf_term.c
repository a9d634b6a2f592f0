#include "dns/name.h"
#include "sender/spf_inside.h"

static unsigned prefix_bits(const struct spf *s, const struct spf_term *t)
{
	return s->values.client.family == 6 ? t->bits6 : t->bits4;
}

/* False: the check has ended. */
static bool count_void(struct spf *s, const struct spf_question *q)
{
	if (q->answer == SPF_FOUND)
		return true;
	if (++s->verdict.voids <= SPF_VOIDS_MAX)
		return true;
	SPF_PERMERROR_WITH(s, "more than %d look-ups found nothing, the last one for %.*s",
		SPF_VOIDS_MAX, STR(q->name));
	return false;
}

/* --- asking ------------------------------------------------------------------------------------
 */

static void run_ip(struct spf *s, const struct spf_term *t)
{
	struct ip_net net = { .ip = t->ip, .prefix_bits = (uint8_t)prefix_bits(s, t) };

	if (ip_net_has(&net, &s->values.client))
		spf_frame_match(s);
	else
		s->stage = STAGE_NEXT;
}

static void run_ptr(struct spf *s, str target)
{
	for (size_t i = 0; i < s->client_names.count; i++) {
		if (dns_name_below(s->client_names.items[i], target)) {
			spf_frame_match(s);
			return;
		}
	}
	s->stage = STAGE_NEXT;
}

/* A term that asks for something, about a name that can be asked for. */
static void run_lookup(struct spf *s, const struct spf_term *t, str name)
{
	switch (t->mechanism) {
	case SPF_ALL:
	case SPF_IP4:
	case SPF_IP6:
		return; /* they ask for nothing */
	case SPF_PTR:
		run_ptr(s, name);
		return;
	case SPF_INCLUDE:
		spf_frame_open(s, SPF_INCLUDED, name);
		return;
	case SPF_A:
		spf_round_begin(&s->round, prefix_bits(s, t));
		spf_ask(s, name, spf_address_type(s));
		s->stage = STAGE_JUDGE;
		return;
	case SPF_EXISTS:
		spf_round_begin(&s->round, 0);
		spf_ask(s, name, DNS_A); /* whatever the client's family is (section 5.7) */
		s->stage = STAGE_JUDGE;
		return;
	case SPF_MX:
		spf_round_begin(&s->round, 0);
		spf_ask(s, name, DNS_MX);
		s->stage = STAGE_MX;
		return;
	}
}

void spf_term_run(struct spf *s)
{
	const struct spf_term *t = &spf_frame_top(s)->term;
	char room[DNS_NAME_MAX + 1];
	str name = spf_frame_top(s)->domain;

	if (t->mechanism == SPF_ALL) {
		spf_frame_match(s);
		return;
	}
	if (t->mechanism == SPF_IP4 || t->mechanism == SPF_IP6) {
		run_ip(s, t);
		return;
	}
	if (t->mechanism == SPF_PTR && !s->client_known) {
		spf_client_ask(s, STAGE_RUN);
		return;
	}
	if (t->domain.n == 0) {
		run_lookup(s, t, name);
		return;
	}
	if (!spf_ready(s, t->domain, STAGE_RUN))
		return;
	if (spf_expand(s, t->domain, room, &name))
		run_lookup(s, t, name);
	else if (t->mechanism == SPF_INCLUDE)
		SPF_PERMERROR_WITH(
			s, "%.*s names no domain", STR(str_first(t->text, DNS_NAME_MAX)));
	else
		s->stage = STAGE_NEXT;
}

/* --- judging what came -------------------------------------------------------------------------
 */

void spf_term_mx(struct spf *s)
{
	struct spf_question q = s->round.questions[0];
	struct spf_names hosts = s->round.names;

	if (q.answer == SPF_TROUBLE) {
		spf_temperror(s, q.name);
		return;
	}
	if (!count_void(s, &q))
		return;
	if (hosts.more) {
		SPF_PERMERROR_WITH(
			s, "%.*s has more than %d mail hosts", STR(q.name), SPF_HOSTS_MAX);
		return;
	}
	spf_round_begin(&s->round, prefix_bits(s, &spf_frame_top(s)->term));
	for (size_t i = 0; i < hosts.count; i++)
		if (dns_name_askable(hosts.items[i]))
			spf_ask(s, hosts.items[i], spf_address_type(s));
	s->stage = STAGE_JUDGE;
}

void spf_term_judge(struct spf *s)
{
	bool exists = spf_frame_top(s)->term.mechanism == SPF_EXISTS;
	const struct spf_round *r = &s->round;

	for (size_t i = 0; i < r->count; i++) {
		if (r->questions[i].answer == SPF_FOUND && (exists || r->questions[i].match)) {
			spf_frame_match(s);
			return;
		}
	}
	for (size_t i = 0; i < r->count; i++) {
		if (r->questions[i].answer == SPF_TROUBLE) {
			spf_temperror(s, r->questions[i].name);
			return;
		}
	}
	for (size_t i = 0; i < r->count; i++)
		if (!count_void(s, &r->questions[i]))
			return;
	s->stage = STAGE_NEXT;
}
