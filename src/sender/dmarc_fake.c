#include "sender/dmarc_fake.h"

static const enum dmarc_answer answers[] = { [ZONE_FOUND] = DMARC_FOUND,
	[ZONE_NO_NAME] = DMARC_NO_NAME,
	[ZONE_NO_DATA] = DMARC_NO_DATA,
	[ZONE_SERVFAIL] = DMARC_TROUBLE,
	[ZONE_TIMEOUT] = DMARC_TROUBLE };

static void answer(struct dmarc *d, const struct dns_zone *zone, const struct dmarc_act *question)
{
	struct dns_records *records = NULL;
	enum dns_zone_answer found = dns_zone_find(zone, question->name, question->type, &records);

	dmarc_answer(d, question->ticket, answers[found], records);
	dmarc_answer(d, question->ticket, DMARC_TROUBLE, NULL);
	dns_records_free(records);
}

bool dmarc_fake_run(
	struct dmarc *d, const struct dns_zone *zone, struct prng *r, unsigned answers_max)
{
	struct dmarc_act open[DMARC_OPEN_MAX];
	size_t count = 0, chosen;

	for (;;) {
		struct dmarc_act act = dmarc_next(d);

		switch (act.kind) {
		case DMARC_ASK:
			if (count == LENGTH(open))
				return false;
			open[count++] = act;
			dmarc_answer(d, act.ticket + DMARC_QUESTIONS_MAX, DMARC_TROUBLE, NULL);
			break;
		case DMARC_WAIT:
			if (count == 0 || answers_max-- == 0)
				return false;
			chosen = prng_below(r, count);
			answer(d, zone, &open[chosen]);
			open[chosen] = open[--count];
			break;
		case DMARC_DONE:
			return true;
		}
	}
}
