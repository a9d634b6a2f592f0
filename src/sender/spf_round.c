#include "sender/spf_round.h"

#include <assert.h>

#include "sender/spf_record.h"

void spf_round_begin(struct spf_round *r, unsigned bits)
{
	*r = (struct spf_round){
		.client = r->client, .bits = bits, .ticket = r->ticket + (uint32_t)r->count
	};
}

bool spf_round_ask(struct arena *a, struct spf_round *r, str name, enum dns_type type)
{
	struct spf_question *q = &r->questions[r->count];

	assert(r->count < LENGTH(r->questions));
	*q = (struct spf_question){ .type = type };
	if (!arena_keep(a, name, &q->name))
		return false;
	r->count++;
	r->open++;
	return true;
}

bool spf_round_next(struct spf_round *r, struct spf_act *act)
{
	for (size_t i = 0; i < r->count; i++) {
		struct spf_question *q = &r->questions[i];

		if (q->asked)
			continue;
		q->asked = true;
		*act = (struct spf_act){ .kind = SPF_ASK,
			.name = q->name,
			.type = q->type,
			.ticket = r->ticket + (uint32_t)i };
		return true;
	}
	return false;
}

static bool take_name(struct arena *a, struct spf_names *to, str name)
{
	if (to->count == SPF_HOSTS_MAX) {
		to->more = true;
		return true;
	}
	return arena_keep(a, name, &to->items[to->count++]);
}

/* A second text is only counted. */
static bool take_text(struct arena *a, struct spf_round *r, str text)
{
	if (r->records_only && !spf_record_is(text))
		return true;
	if (r->text_count++ > 0)
		return true;
	return arena_keep(a, str_first(text, SPF_RECORD_MAX + 1), &r->text);
}

static bool take(struct arena *a, struct spf_round *r, struct spf_question *q,
	const struct dns_record *record)
{
	struct ip_net net = { .ip = record->ip, .prefix_bits = (uint8_t)r->bits };

	switch (record->type) {
	case DNS_A:
	case DNS_AAAA:
		q->match |= ip_net_has(&net, &r->client);
		return true;
	case DNS_MX:
	case DNS_PTR:
		return take_name(a, &r->names, record->name);
	case DNS_TXT:
		return take_text(a, r, record->text);
	case DNS_CNAME:
		break; /* never asked for */
	}
	return true;
}

bool spf_round_answer(struct arena *a, struct spf_round *r, uint32_t ticket, enum spf_answer answer,
	const struct dns_records *records)
{
	uint32_t i = ticket - r->ticket;
	struct spf_question *q;
	size_t taken = 0;
	bool room = true;

	if (i >= r->count || r->questions[i].answered || !r->questions[i].asked)
		return true; /* nobody waits for it any more */
	q = &r->questions[i];
	q->answered = true;
	r->open--;
	for (size_t n = 0; answer == SPF_FOUND && n < records->count; n++) {
		if (records->records[n].type != q->type)
			continue;
		room &= take(a, r, q, &records->records[n]);
		taken++;
	}
	q->answer = answer == SPF_FOUND && taken == 0 ? SPF_NO_DATA : answer;
	return room;
}
