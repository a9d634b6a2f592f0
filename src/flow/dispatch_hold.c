/* flow/dispatch: what came in to be held; and what DMARC has quarantined, which has a place until
 * it is released or has ended. */
#include "base/log.h"
#include "base/mem.h"
#include "flow/dispatch_inside.h"
#include "gate/quarantine.h"

/* The words that it is held for are the last that a recipient has heard: so what was released is
 * told from what was not even looked at, after a restart too. */
static struct promise_words *hold_words(const struct envelope *e)
{
	struct fail why = { 0 };

	fail_with(&why, FAIL_TEMPORARY, "4.7.1", "%.*s", STR(e->hold.n > 0 ? e->hold : S("Held")));
	str_to_c(e->hold_origin, why.origin, sizeof why.origin);
	return promise_words_new(&why, true, S(""));
}

static bool untouched(const struct spool_rcpt *was)
{
	return was->state == SPOOL_WAITING && was->attempts == 0 && was->last.kind == FAIL_NONE;
}

void dispatch_hold_untouched(struct promise *m, const struct spool_rcpt *rcpts)
{
	struct promise_words *words;

	if (!(m->envelope.flags & ENVELOPE_HELD))
		return;
	words = hold_words(&m->envelope);
	for (size_t i = 0; i < m->envelope.rcpt_count; i++)
		if (!rcpts || untouched(&rcpts[i])) {
			m->rcpts[i].held = true;
			m->rcpts[i].quarantined = m->envelope.flags & ENVELOPE_QUARANTINED;
			promise_rcpt_heard(m, i, words);
		}
	promise_words_drop(words);
}

void dispatch_hold_count(struct dispatch *d, struct promise *m)
{
	bool is = promise_quarantined(m);

	if (is && !m->quarantined)
		quarantine_found(d->flow.quarantine, m->envelope.octets);
	if (!is && m->quarantined)
		quarantine_leave(d->flow.quarantine, m->envelope.octets);
	m->quarantined = is;
}

static void log_end(struct dispatch *d, const struct promise *m, size_t rcpt)
{
	char rule[CONF_ORIGIN_TEXT_MAX];
	struct log_record r;

	log_open(&r, LOG_INFO, "discarded");
	log_id(&r, "id", m->envelope.id);
	log_str(&r, "from", m->envelope.sender);
	log_str(&r, "to", m->envelope.rcpts[rcpt].address);
	log_c(&r, "quarantined_by", "dmarc");
	log_c(&r, "rule",
		conf_where_print(router_conf(schedule_router(d->schedule)), S("quarantine"),
			S("keep"), rule));
	log_close(&r);
}

/* Nobody hears of it: neither the one in whose name it came, nor anybody else (P4). */
void dispatch_hold_let_go(struct dispatch *d, struct promise *borrowed)
{
	struct promise *m = promise_keep(borrowed);
	uint32_t *rcpts = mem_zero(m->envelope.rcpt_count * sizeof *rcpts);
	size_t count = 0;

	for (size_t i = 0; i < m->envelope.rcpt_count; i++) {
		struct promise_rcpt *r = &m->rcpts[i];

		if (!r->quarantined || r->state != SPOOL_WAITING || r->in_hand)
			continue;
		r->in_hand = true;
		rcpts[count++] = (uint32_t)i;
		FLOW_COUNT(&d->flow, discarded);
		log_end(d, m, i);
	}
	dispatch_end(d, m, rcpts, count, SPOOL_DISCARDED);
	mem_free(rcpts);
	promise_drop(m);
}
