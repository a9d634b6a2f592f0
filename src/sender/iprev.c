#include "sender/iprev.h"

#include "dns/name.h"
#include "sender/spf_macro.h"

#define TICKET_PTR 1 /* those of the names follow */

void iprev_init(struct iprev *v, const struct ip *client)
{
	struct spf_macro_values values = { .client = *client };
	char room[DNS_NAME_MAX + 1];
	str reverse;

	*v = (struct iprev){ .client = *client, .result = IPREV_PERMERROR };
	if (spf_macro_name(S("%{ir}.%{v}.arpa"), &values, room, &reverse))
		str_to_c(reverse, v->reverse, sizeof v->reverse);
}

static void judge(struct iprev *v)
{
	v->result = v->trouble ? IPREV_TEMPERROR : v->count > 0 ? IPREV_FAIL : IPREV_PERMERROR;
	for (size_t i = 0; i < v->count; i++) {
		if (!v->matches[i])
			continue;
		v->result = IPREV_PASS;
		str_to_c(str_of(v->names[i]), v->name, sizeof v->name);
		return;
	}
}

struct iprev_act iprev_next(struct iprev *v)
{
	if (!v->begun) {
		v->begun = true;
		return (struct iprev_act){ IPREV_ASK, str_of(v->reverse), DNS_PTR, TICKET_PTR };
	}
	if (v->known && v->asked < v->count) {
		size_t i = v->asked++;

		v->open++;
		return (struct iprev_act){ IPREV_ASK, str_of(v->names[i]),
			v->client.family == 6 ? DNS_AAAA : DNS_A, TICKET_PTR + 1 + (uint32_t)i };
	}
	if (!v->known || v->open > 0)
		return (struct iprev_act){ .kind = IPREV_WAIT };
	judge(v);
	return (struct iprev_act){ .kind = IPREV_DONE };
}

static void take_names(struct iprev *v, const struct dns_records *records)
{
	for (size_t i = 0; i < records->count && v->count < IPREV_NAMES_MAX; i++) {
		const struct dns_record *r = &records->records[i];

		if (r->type == DNS_PTR && dns_name_valid(r->name))
			str_to_c(r->name, v->names[v->count++], sizeof v->names[0]);
	}
}

static bool leads_back(const struct iprev *v, const struct dns_records *records)
{
	for (size_t i = 0; i < records->count; i++)
		if (ip_eq(&records->records[i].ip, &v->client))
			return true;
	return false;
}

void iprev_answer(struct iprev *v, uint32_t ticket, enum iprev_answer answer,
	const struct dns_records *records)
{
	v->trouble |= answer == IPREV_TROUBLE;
	if (ticket == TICKET_PTR) {
		v->known = true;
		if (answer == IPREV_FOUND)
			take_names(v, records);
		return;
	}
	v->open--;
	v->matches[ticket - TICKET_PTR - 1] = answer == IPREV_FOUND && leads_back(v, records);
}

const char *iprev_result_name(enum iprev_result result)
{
	switch (result) {
	case IPREV_PASS:
		return "pass";
	case IPREV_FAIL:
		return "fail";
	case IPREV_TEMPERROR:
		return "temperror";
	case IPREV_PERMERROR:
		return "permerror";
	}
	return "";
}
