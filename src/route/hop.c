#include "route/hop.h"

#include "base/mem.h"

struct hop_host {
	str name;
	uint16_t preference;
	uint64_t lot; /* order among equals */
	bool own;     /* one of its addresses is ours */
};

/* What an open look-up is for. */
enum purpose { FOR_MX, FOR_ADDRESS };

struct question {
	enum purpose purpose;
	enum dns_type type;
	size_t host;
	bool asked, answered;
};

#define NOT_AMONG_THEM UINT32_MAX /* no preference: they have 16 bits */
#define QUESTIONS_MAX (1 + 2 * HOP_HOSTS_MAX)

struct hop {
	struct arena arena;
	uint16_t port;
	const struct hop_self *self;
	struct prng *prng;
	str domain;
	bool by_mx;

	struct hop_host hosts[HOP_HOSTS_MAX];
	size_t host_count;
	size_t level_begin, level_end;            /* hosts before level_end have been asked for */
	uint32_t own_preference;                  /* of our own name among the MX hosts */
	bool looped;                              /* we are among the hosts */
	struct question questions[QUESTIONS_MAX]; /* index + 1 is the ticket */
	size_t question_count, open;

	struct {
		struct endpoint at;
		size_t host;
	} addresses[HOP_ADDRESSES_MAX];
	size_t address_count, tried;
	bool failed;
	struct fail why;
};

static struct hop *hop_new(uint16_t port)
{
	struct hop *h = MEM_NEW(struct hop);

	arena_init(&h->arena, ARENA_UNLIMITED);
	h->port = port;
	h->own_preference = NOT_AMONG_THEM;
	return h;
}

void hop_free(struct hop *h)
{
	if (!h)
		return;
	arena_free(&h->arena);
	mem_free(h);
}

static void fail_hop(struct hop *h, enum fail_kind kind, const char *status, const char *text)
{
	h->failed = true;
	fail_with(&h->why, kind, status, "%.*s: %s", STR(h->domain), text);
}

static void ask(struct hop *h, enum purpose purpose, enum dns_type type, size_t host)
{
	if (h->question_count == QUESTIONS_MAX)
		return;
	h->questions[h->question_count++] =
		(struct question){ .purpose = purpose, .type = type, .host = host };
	h->open++;
}

static bool stands_before(const struct hop_host *a, const struct hop_host *b)
{
	return a->preference != b->preference ? a->preference < b->preference : a->lot < b->lot;
}

/* Put it in its place; where there are too many, the worst falls out.  Our own name is not tried,
 * but counts, however many are better. */
static void add_host(struct hop *h, str name, uint16_t preference)
{
	struct hop_host host = { .preference = preference,
		.lot = h->prng ? prng_next(h->prng) : 0 };
	size_t at = h->host_count;

	if (h->self && str_eq_nocase(name, h->self->name)) {
		if (preference < h->own_preference)
			h->own_preference = preference;
		return;
	}
	if (at == HOP_HOSTS_MAX && !stands_before(&host, &h->hosts[--at]))
		return;
	host.name = arena_copy(&h->arena, name);
	for (; at > 0 && stands_before(&host, &h->hosts[at - 1]); at--)
		h->hosts[at] = h->hosts[at - 1];
	h->hosts[at] = host;
	if (h->host_count < HOP_HOSTS_MAX)
		h->host_count++;
}

static bool is_own(const struct hop *h, const struct endpoint *at)
{
	for (size_t i = 0; i < h->self->endpoint_count; i++)
		if (endpoint_eq(&h->self->endpoints[i], at))
			return true;
	return false;
}

static void add_address(struct hop *h, const struct ip *ip, size_t host)
{
	struct endpoint at = { .ip = *ip, .port = h->port };

	if (h->by_mx && is_own(h, &at))
		h->hosts[host].own = true;
	if (h->address_count == HOP_ADDRESSES_MAX)
		return;
	h->addresses[h->address_count].at = at;
	h->addresses[h->address_count++].host = host;
}

/* A host that is an address already needs no look-up. */
static bool take_literal(struct hop *h, str text, size_t host)
{
	struct ip ip;

	if (!ip_parse(text, &ip))
		return false;
	add_address(h, &ip, host);
	return true;
}

struct hop *hop_domain(str domain, uint16_t port, const struct hop_self *self, struct prng *r)
{
	struct hop *h = hop_new(port);

	h->domain = arena_copy(&h->arena, domain);
	h->self = self;
	h->prng = r;
	if (str_starts(domain, S("["))) {
		str inner = str_skip(str_first(domain, str_find(domain, ']')), 1);

		if (str_starts_nocase(inner, S("IPv6:")))
			inner = str_skip(inner, 5);
		add_host(h, domain, 0);
		h->level_end = 1;
		h->by_mx = true;
		if (!take_literal(h, inner, 0))
			fail_hop(h, FAIL_PERMANENT, "5.1.2", "is no address");
		return h;
	}
	h->by_mx = true;
	ask(h, FOR_MX, DNS_MX, 0);
	return h;
}

struct hop *hop_host(str host, uint16_t port)
{
	struct hop *h = hop_new(port);

	h->domain = arena_copy(&h->arena, host);
	if (str_starts(host, S("unix:"))) {
		add_host(h, host, 0);
		h->level_end = 1;
		str_to_c(str_skip(host, 5), h->addresses[0].at.path, IP_PATH_MAX);
		h->address_count = 1;
		return h;
	}
	add_host(h, host, 0);
	if (take_literal(h, host, 0))
		h->level_end = 1;
	return h;
}

static void fail_loop(struct hop *h)
{
	fail_hop(h, FAIL_PERMANENT, "5.4.6", "mail for it would come back to us");
}

/* Where our own name is among the hosts, those that are not better are dropped unasked. */
static void drop_behind_own_name(struct hop *h)
{
	h->looped = h->own_preference != NOT_AMONG_THEM;
	while (h->host_count > 0 && h->hosts[h->host_count - 1].preference >= h->own_preference)
		h->host_count--;
	if (h->host_count > 0)
		return;
	if (h->looped)
		fail_loop(h);
	else
		fail_hop(h, FAIL_PERMANENT, "5.1.2", "has no usable mail host");
}

static void mx_answer(struct hop *h, enum hop_answer answer, const struct dns_records *records)
{
	switch (answer) {
	case HOP_TROUBLE:
		fail_hop(h, FAIL_TEMPORARY, "4.4.3", "the look-up of its mail hosts failed");
		return;
	case HOP_NO_NAME:
		fail_hop(h, FAIL_PERMANENT, "5.1.2", "no such domain");
		return;
	case HOP_NO_DATA:
		add_host(h, h->domain, 0); /* the implicit MX */
		drop_behind_own_name(h);
		return;
	case HOP_FOUND:
		break;
	}
	for (size_t i = 0; i < records->count; i++) {
		const struct dns_record *r = &records->records[i];

		if (r->type != DNS_MX)
			continue;
		if (r->name.n == 0 && records->count == 1) {
			fail_hop(h, FAIL_PERMANENT, "5.1.10", "does not accept mail (null MX)");
			return;
		}
		if (r->name.n > 0)
			add_host(h, r->name, r->preference);
	}
	drop_behind_own_name(h);
}

void hop_answer(
	struct hop *h, uint32_t ticket, enum hop_answer answer, const struct dns_records *records)
{
	struct question *q;

	if (ticket == 0 || ticket > h->question_count || h->questions[ticket - 1].answered)
		return;
	q = &h->questions[ticket - 1];
	q->answered = true;
	h->open--;
	switch (q->purpose) {
	case FOR_MX:
		mx_answer(h, answer, records);
		return;
	case FOR_ADDRESS:
		if (answer == HOP_TROUBLE && !h->why.kind)
			fail_with(&h->why, FAIL_TEMPORARY, "4.4.3",
				"%.*s: the look-up of its address failed",
				STR(h->hosts[q->host].name));
		for (size_t i = 0; answer == HOP_FOUND && i < records->count; i++)
			if (records->records[i].type == q->type)
				add_address(h, &records->records[i].ip, q->host);
		return;
	}
}

/* Ask for the addresses of all hosts of the next preference. */
static void next_level(struct hop *h)
{
	uint16_t preference = h->hosts[h->level_end].preference;

	h->level_begin = h->level_end;
	for (; h->level_end < h->host_count && h->hosts[h->level_end].preference == preference;
		h->level_end++) {
		if (take_literal(h, h->hosts[h->level_end].name, h->level_end))
			continue;
		ask(h, FOR_ADDRESS, DNS_AAAA, h->level_end);
		ask(h, FOR_ADDRESS, DNS_A, h->level_end);
	}
}

/* The answers of one preference are all there: the hosts in their order, IPv6 first within one;
 * and if one of them is ourselves, this preference and all behind it are dropped. */
static void order_level(struct hop *h)
{
	bool own = false;

	for (size_t i = h->level_begin; i < h->level_end; i++)
		own |= h->hosts[i].own;
	if (own) {
		h->looped = true;
		h->address_count = h->tried;
		h->host_count = h->level_end;
		return;
	}
	for (size_t i = h->tried + 1; i < h->address_count; i++) {
		for (size_t at = i; at > h->tried; at--) {
			typeof(h->addresses[0]) a = h->addresses[at - 1], b = h->addresses[at];

			if (a.host < b.host ||
				(a.host == b.host && a.at.ip.family >= b.at.ip.family))
				break;
			h->addresses[at - 1] = b;
			h->addresses[at] = a;
		}
	}
}

struct hop_act hop_next(struct hop *h)
{
	for (size_t i = 0; i < h->question_count; i++) {
		struct question *q = &h->questions[i];

		if (q->asked)
			continue;
		q->asked = true;
		return (struct hop_act){ .kind = HOP_ASK,
			.name = q->purpose == FOR_MX ? h->domain : h->hosts[q->host].name,
			.type = q->type,
			.ticket = (uint32_t)i + 1 };
	}
	if (h->open > 0)
		return (struct hop_act){ .kind = HOP_WAIT };
	if (!h->failed && h->tried < h->address_count) {
		order_level(h);
		if (h->tried < h->address_count) {
			size_t i = h->tried++;

			return (struct hop_act){ .kind = HOP_TRY,
				.address = h->addresses[i].at,
				.host = h->hosts[h->addresses[i].host].name };
		}
	}
	if (!h->failed && h->level_end < h->host_count) {
		next_level(h);
		return hop_next(h);
	}
	/* A better host whose look-up failed may be there the next time: then it is no loop. */
	if (!h->why.kind && h->looped && h->tried == 0)
		fail_loop(h);
	if (!h->why.kind)
		fail_with(&h->why, FAIL_PERMANENT, "5.1.2", "%.*s: its mail hosts have no address",
			STR(h->domain));
	return (struct hop_act){ .kind = HOP_FAILED };
}

const struct fail *hop_why(const struct hop *h)
{
	return &h->why;
}
