/* flow/dispatch: what is remembered of providers over a restart, and what they say of our pace. */
#include "base/log.h"
#include "base/mem.h"
#include "flow/dispatch_inside.h"

#define REMEMBER_MS 1000 /* changes of so long are written down together */

/* --- the note ----------------------------------------------------------------------------------
 */

struct remembering {
	struct spool_note note;
	struct dispatch *dispatch;
	struct buf bytes;
	void (*done)(void *owner, const struct fail *why);
	void *owner;
};

static void noted(struct spool_note *note)
{
	struct remembering *r = AROUND(note, struct remembering, note);
	struct dispatch *d = r->dispatch;

	if (!note->ok)
		log_line(LOG_WARNING, "not-remembered",
			"what is known of providers could not be written down: %s", note->why.text);
	if (r->done)
		r->done(r->owner, note->ok ? NULL : &note->why);
	buf_free(&r->bytes);
	mem_free(r);
	dispatch_over(d);
}

void dispatch_remember(
	struct dispatch *d, void (*done)(void *owner, const struct fail *why), void *owner)
{
	struct remembering *r = MEM_NEW(struct remembering);

	r->dispatch = d;
	r->done = done;
	r->owner = owner;
	schedule_note(d->schedule, &r->bytes, dispatch_now_ms(d));
	r->note.bytes = buf_str(&r->bytes);
	r->note.loop = d->loop;
	r->note.done = noted;
	dispatch_begin(d);
	spool_note(d->flow.spool, &r->note);
}

static void due(struct loop_timer *timer)
{
	struct dispatch *d = AROUND(timer, struct dispatch, note_timer);

	if (schedule_changed(d->schedule))
		dispatch_remember(d, NULL, NULL);
}

void dispatch_remember_soon(struct dispatch *d)
{
	if (!schedule_changed(d->schedule) || d->note_timer.node.slot > 0)
		return;
	d->note_timer.run = due;
	loop_timer_set(d->loop, &d->note_timer, loop_now_ms(d->loop) + REMEMBER_MS);
}

void dispatch_recall(struct dispatch *d)
{
	struct arena a;

	arena_init(&a, NOTE_OCTETS_MAX);
	if (!schedule_recall(d->schedule, spool_noted(d->flow.spool, &a), dispatch_now_ms(d)))
		log_line(LOG_WARNING, "not-remembered",
			"what was known of providers is of another version, or rotten");
	arena_free(&a);
}

bool dispatch_pause(struct dispatch *d, str name, bool pause)
{
	bool changed =
		pause ? schedule_pause(d->schedule, name) : schedule_resume(d->schedule, name);

	dispatch_pump(d);
	return changed;
}

/* --- throttling --------------------------------------------------------------------------------
 */

static bool heard(struct dispatch *d, const struct delivery *v, const struct fail *reply)
{
	const struct schedule_destination *to = v->slot->destination;
	char rule_text[CONF_ORIGIN_TEXT_MAX];
	struct conf_origin rule;
	struct log_record r;

	if (!schedule_throttles(d->schedule, to, reply, &rule))
		return false;
	if (!schedule_throttled(d->schedule, v->slot, reply, dispatch_now_ms(d)))
		return true;
	log_open(&r, LOG_INFO, "throttled");
	log_str(&r, "provider", to->provider->name);
	log_str(&r, "transport", v->transport->name);
	log_int(&r, "step", to->provider->throttle);
	log_int(&r, "connections", to->provider->slots_max);
	log_int(&r, "pause_ms", to->provider->throttled_ms - dispatch_now_ms(d));
	if (rule.file.n > 0) {
		conf_origin_print(&rule, rule_text);
		log_c(&r, "rule", rule_text);
	}
	log_fail(&r, reply);
	log_close(&r);
	return true;
}

/* What the peer said of one recipient, or instead of taking the mail at all. */
void dispatch_hear(struct dispatch *d, const struct delivery *v)
{
	if (v->after == SCHEDULE_TROUBLE && heard(d, v, &v->trouble))
		return;
	for (size_t i = 0; i < v->job->count; i++)
		if (v->results[i].end == DELIVERY_LATER && !v->results[i].ours &&
			heard(d, v, &v->results[i].reply))
			return;
}
