#include "dns/name.h"
#include "sender/spf_inside.h"

void spf_client_ask(struct spf *s, enum spf_stage resume)
{
	struct spf_macro_values v = { .client = s->values.client };
	char room[DNS_NAME_MAX + 1];
	str reverse;

	s->resume = resume;
	s->stage = STAGE_PTR;
	spf_round_begin(&s->round, 0);
	if (spf_macro_name(S("%{ir}.%{v}.arpa"), &v, room, &reverse))
		spf_ask(s, reverse, DNS_PTR);
}

/* An error here means only that no name is known. */
void spf_client_ptr(struct spf *s)
{
	struct spf_names names = s->round.names;

	spf_round_begin(&s->round, s->values.client.family == 6 ? 128 : 32);
	for (size_t i = 0; i < names.count; i++)
		if (dns_name_askable(names.items[i]))
			spf_ask(s, names.items[i], spf_address_type(s));
	s->stage = STAGE_VALIDATE;
}

void spf_client_validate(struct spf *s)
{
	struct spf_names *known = &s->client_names;

	for (size_t i = 0; i < s->round.count; i++)
		if (s->round.questions[i].answer == SPF_FOUND && s->round.questions[i].match)
			known->items[known->count++] = s->round.questions[i].name;
	s->client_known = true;
	s->stage = s->resume;
}

/* Section 7.3: the domain itself, else a name below it, else any. */
str spf_client_name(const struct spf *s, str domain)
{
	const struct spf_names *known = &s->client_names;

	for (size_t i = 0; i < known->count; i++)
		if (str_eq_nocase(known->items[i], domain))
			return known->items[i];
	for (size_t i = 0; i < known->count; i++)
		if (dns_name_below(known->items[i], domain))
			return known->items[i];
	return known->count > 0 ? known->items[0] : S("unknown");
}
