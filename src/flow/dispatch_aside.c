/* flow/dispatch: a message that kills us is set aside. */
#include "base/log.h"
#include "base/mem.h"
#include "flow/dispatch_inside.h"
#include "world/hand.h"

#define CRASHES_MAX 1 /* one may be bad luck */

static void log_aside(const struct promise *m, const struct fail *why)
{
	struct log_record r;

	log_open(&r, LOG_ERROR, "set-aside");
	log_id(&r, "id", m->envelope.id);
	log_str(&r, "from", m->envelope.sender);
	log_int(&r, "recipients", (int64_t)m->waiting);
	log_fail(&r, why);
	log_close(&r);
}

/* All that wait are held, until somebody has looked and releases them. */
static void set_aside(struct dispatch *d, struct promise *m, unsigned crashes)
{
	uint32_t *rcpts = mem_zero(m->envelope.rcpt_count * sizeof *rcpts);
	struct promise_words *words;
	struct fail why;
	size_t count = 0;

	fail_with(&why, FAIL_TEMPORARY, "4.3.0",
		"Held: the server was working on this message at each of %u crashes", crashes);
	words = promise_words_new(&why, true, S(""));
	schedule_withdraw(d->schedule, m, dispatch_now_ms(d));
	for (size_t i = 0; i < m->envelope.rcpt_count; i++) {
		struct promise_rcpt *r = &m->rcpts[i];

		if (r->state != SPOOL_WAITING || r->in_hand || r->held)
			continue;
		r->held = true;
		r->next_ms = 0;
		promise_rcpt_heard(m, i, words);
		rcpts[count++] = (uint32_t)i;
	}
	promise_words_drop(words);
	log_aside(m, &why);
	outcome_note(d, m, rcpts, count);
	schedule_add(d->schedule, m, dispatch_now_ms(d));
	mem_free(rcpts);
}

void dispatch_aside_hold(struct dispatch *d)
{
	struct hand_suspect suspects[HAND_SUSPECTS_MAX];
	size_t count = hand_suspects(suspects);

	for (size_t i = 0; i < count; i++) {
		struct promise *m = suspects[i].crashes > CRASHES_MAX
					    ? schedule_find(d->schedule, suspects[i].id)
					    : NULL;

		if (!m)
			continue;
		promise_keep(m);
		set_aside(d, m, suspects[i].crashes);
		promise_drop(m);
		hand_clear(suspects[i].id); /* it is written down: a release begins anew */
	}
}
