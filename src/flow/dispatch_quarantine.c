/* flow/dispatch: what DMARC has quarantined has a place until it is released or has ended. */
#include "base/log.h"
#include "base/mem.h"
#include "flow/dispatch_inside.h"
#include "gate/quarantine.h"

void dispatch_quarantine_count(struct dispatch *d, struct promise *m)
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
void dispatch_quarantine_end(struct dispatch *d, struct promise *borrowed)
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
