#include "sender/spf_fake.h"

static const enum spf_answer answers[] = { [ZONE_FOUND] = SPF_FOUND,
	[ZONE_NO_NAME] = SPF_NO_NAME,
	[ZONE_NO_DATA] = SPF_NO_DATA,
	[ZONE_SERVFAIL] = SPF_TROUBLE,
	[ZONE_TIMEOUT] = SPF_TROUBLE };

static void answer(struct spf *s, const struct dns_zone *zone, const struct spf_act *question)
{
	struct dns_records *records = NULL;
	enum dns_zone_answer found = dns_zone_find(zone, question->name, question->type, &records);

	spf_answer(s, question->ticket, answers[found], records);
	spf_answer(s, question->ticket, SPF_TROUBLE, NULL);
	dns_records_free(records);
}

bool spf_fake_run(struct spf *s, const struct dns_zone *zone, struct prng *r, unsigned answers_max)
{
	struct spf_act open[SPF_HOSTS_MAX];
	size_t count = 0, chosen;

	for (;;) {
		struct spf_act act = spf_next(s);

		switch (act.kind) {
		case SPF_ASK:
			if (count == LENGTH(open))
				return false;
			open[count++] = act;
			spf_answer(s, act.ticket + SPF_HOSTS_MAX, SPF_TROUBLE, NULL);
			break;
		case SPF_WAIT:
			if (count == 0 || answers_max-- == 0)
				return false;
			chosen = prng_below(r, count);
			answer(s, zone, &open[chosen]);
			open[chosen] = open[--count];
			break;
		case SPF_DONE:
			return true;
		}
	}
}
