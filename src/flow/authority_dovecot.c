/* flow/authority: the connection to Dovecot's auth service.  There is one, opened when the
 * configuration names it, since its greeting says what may be offered; when it breaks, another one
 * is tried, after a pause that grows. */
#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "flow/authority_inside.h"
#include "world/clock.h"

#define PAUSE_MS_MIN 100
#define PAUSE_MS_MAX 10000

static void open_connection(struct authority *a);

bool authority_dovecot_wanted(const struct authority *a)
{
	const struct endpoint *at = &authority_login(a)->dovecot;

	return at->ip.family != 0 || at->path[0] != '\0';
}

/* --- talks ------------------------------------------------------------------------------------ */

static str number_key(const uint32_t *number)
{
	return str_from(number, sizeof *number);
}

static void detach(struct authority_talk *t)
{
	if (t->number != 0)
		map_remove(&t->authority->asked, number_key(&t->number));
	t->number = 0;
	list_remove(&t->link);
	loop_timer_cancel(t->authority->loop, &t->timer);
}

static void cannot(struct authority_talk *t, const char *reason)
{
	struct fail why;

	detach(t);
	fail_reply(&why, 454, "4.7.0", "Logins cannot be checked at this moment, try again later");
	authority_say_no(t, &why, reason);
}

static void pump(struct authority *a);

static void too_late(struct loop_timer *timer)
{
	struct authority_talk *t = AROUND(timer, struct authority_talk, timer);
	struct authority *a = t->authority;

	if (t->number != 0 && a->dovecot)
		dovecot_cancel(a->dovecot, t->number);
	cannot(t, "Dovecot did not answer in time");
	pump(a);
}

static void wait_for_it(struct authority_talk *t)
{
	t->place = AUTHORITY_AT_DOVECOT;
	t->timer.run = too_late;
	loop_timer_set(t->authority->loop, &t->timer,
		t->since_ms + authority_login(t->authority)->dovecot_ms_max);
}

static void ask_now(struct authority_talk *t)
{
	struct authority *a = t->authority;
	struct dovecot_request request = { .mechanism = t->passes ? "SCRAM-SHA-256" : "PLAIN",
		.local = t->question.local,
		.remote = t->question.client,
		.response = buf_str(&t->bytes) };

	if (!dovecot_has(a->dovecot, request.mechanism)) {
		detach(t);
		authority_say_wrong(t, "Dovecot does not have this mechanism");
		return;
	}
	if (++a->numbers == 0)
		a->numbers = 1;
	list_remove(&t->link);
	t->number = request.number = a->numbers;
	map_set(&a->asked, number_key(&t->number), t);
	if (!dovecot_ask(a->dovecot, &request))
		cannot(t, "too long for Dovecot");
}

void authority_dovecot_ask(struct authority_talk *t, str response)
{
	buf_clear(&t->bytes);
	buf_put(&t->bytes, response);
	wait_for_it(t);
	list_append(&t->authority->unasked, &t->link);
	pump(t->authority);
}

void authority_dovecot_respond(struct authority_talk *t, str response)
{
	struct authority *a = t->authority;

	if (t->number == 0 || !a->dovecot_ready) {
		cannot(t, "the connection to Dovecot broke");
		return;
	}
	wait_for_it(t);
	if (!dovecot_continue(a->dovecot, t->number, response))
		cannot(t, "too long for Dovecot");
	pump(a);
}

void authority_dovecot_forget(struct authority_talk *t)
{
	struct authority *a = t->authority;

	if (t->number != 0 && a->dovecot_ready) {
		dovecot_cancel(a->dovecot, t->number);
		detach(t);
		pump(a);
	}
}

/* --- acts ------------------------------------------------------------------------------------- */

static void answered(struct authority *a, const struct dovecot_act *act)
{
	struct authority_talk *t = map_get(&a->asked, number_key(&act->number));

	if (!t || t->place != AUTHORITY_AT_DOVECOT)
		return; /* who asked has gone, or speaks out of turn */
	loop_timer_cancel(a->loop, &t->timer);
	if (act->kind == DOVECOT_CHALLENGE) {
		if (t->passes)
			authority_challenge(t, act->bytes);
		else
			cannot(t, "Dovecot asks for more than PLAIN has");
		return;
	}
	detach(t);
	if (act->kind == DOVECOT_YES) {
		authority_remember(t, act->bytes);
		authority_say_yes(t);
	} else if (act->why->kind == FAIL_TEMPORARY) {
		authority_say_no(t, act->why, act->why->text);
	} else {
		authority_say_wrong(t, act->why->text);
	}
}

static void connection_close(struct authority *a)
{
	if (a->sock)
		sock_close(a->sock);
	dovecot_free(a->dovecot);
	a->sock = NULL;
	a->dovecot = NULL;
	a->dovecot_ready = false;
	loop_timer_cancel(a->loop, &a->dovecot_timer);
}

static void try_again(struct loop_timer *timer)
{
	open_connection(AROUND(timer, struct authority, dovecot_timer));
}

static void broke(struct authority *a, const char *why)
{
	struct map_entry *e;

	if (a->dovecot_pause_ms == 0 || a->dovecot_ready) /* said once, not for each try */
		log_line(LOG_WARNING, "dovecot-lost", "%s", why);
	connection_close(a);
	while ((e = map_next(&a->asked, NULL))) {
		struct authority_talk *t = e->value;

		if (t->place == AUTHORITY_AT_DOVECOT) {
			cannot(t, why);
		} else { /* the client's move: he is told when he has made it */
			map_remove(&a->asked, e->key);
			t->number = 0;
		}
	}
	a->dovecot_pause_ms = a->dovecot_pause_ms ? a->dovecot_pause_ms * 2 : PAUSE_MS_MIN;
	if (a->dovecot_pause_ms > PAUSE_MS_MAX)
		a->dovecot_pause_ms = PAUSE_MS_MAX;
	a->dovecot_timer.run = try_again;
	loop_timer_set(a->loop, &a->dovecot_timer, loop_now_ms(a->loop) + a->dovecot_pause_ms);
}

static void ready(struct authority *a)
{
	a->dovecot_ready = true;
	a->dovecot_pause_ms = 0;
	loop_timer_cancel(a->loop, &a->dovecot_timer);
	a->dovecot_scram = dovecot_has(a->dovecot, "SCRAM-SHA-256");
	log_line(LOG_INFO, "dovecot-ready", "%s",
		a->dovecot_scram ? "with SCRAM-SHA-256" : "without SCRAM-SHA-256");
	authority_offer(a);
}

/* Do all that the machine wants, and ask what waits to be asked. */
static void pump(struct authority *a)
{
	while (a->dovecot) {
		struct dovecot_act act;

		while (a->dovecot_ready && !list_empty(&a->unasked))
			ask_now(AROUND(list_first(&a->unasked), struct authority_talk, link));
		act = dovecot_next(a->dovecot);
		switch (act.kind) {
		case DOVECOT_IDLE:
			return;
		case DOVECOT_SEND:
			sock_send(a->sock, act.bytes);
			break;
		case DOVECOT_READY:
			ready(a);
			break;
		case DOVECOT_CHALLENGE:
		case DOVECOT_YES:
		case DOVECOT_NO:
			answered(a, &act);
			break;
		case DOVECOT_BROKEN:
			broke(a, act.why->text);
			return;
		}
	}
}

/* --- the stream ------------------------------------------------------------------------------- */

static void connected(void *owner)
{
	pump(owner);
}

static size_t received(void *owner, str bytes)
{
	struct authority *a = owner;

	dovecot_feed(a->dovecot, bytes);
	pump(a);
	return bytes.n;
}

static void closed(void *owner, const struct fail *why)
{
	char text[FAIL_TEXT_MAX + 60];

	snprintf(text, sizeof text, "Dovecot's auth service: %s",
		why ? why->text : "it has closed the connection");
	broke(owner, text);
}

static const struct sock_handler handler = {
	.received = received, .closed = closed, .connected = connected
};

static void greeting_late(struct loop_timer *timer)
{
	struct authority *a = AROUND(timer, struct authority, dovecot_timer);

	dovecot_tick(a->dovecot, loop_now_ms(a->loop));
	pump(a);
	if (a->dovecot && !a->dovecot_ready)
		loop_timer_set(a->loop, timer, dovecot_deadline_ms(a->dovecot));
}

static void open_connection(struct authority *a)
{
	a->dovecot = dovecot_new((uint32_t)clock_random() >> 1, loop_now_ms(a->loop));
	a->sock = sock_connect(a->loop, &authority_login(a)->dovecot, NULL, &handler, a);
	a->dovecot_timer.run = greeting_late;
	loop_timer_set(a->loop, &a->dovecot_timer, dovecot_deadline_ms(a->dovecot));
}

void authority_dovecot_change(struct authority *a)
{
	if (a->dovecot_at.path[0] == '\0' && a->dovecot_at.ip.family == 0 &&
		!authority_dovecot_wanted(a))
		return;
	if (endpoint_eq(&a->dovecot_at, &authority_login(a)->dovecot))
		return;
	a->dovecot_at = authority_login(a)->dovecot;
	connection_close(a);
	while (!list_empty(&a->unasked))
		cannot(AROUND(list_first(&a->unasked), struct authority_talk, link),
			"the configuration names another Dovecot");
	a->dovecot_pause_ms = 0;
	a->dovecot_scram = false;
	if (authority_dovecot_wanted(a))
		open_connection(a);
}

void authority_dovecot_close(struct authority *a)
{
	connection_close(a);
	map_free(&a->asked);
}
