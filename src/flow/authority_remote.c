/* flow/authority: the side of those who ask, where the authority is in the vault.  A question and a
 * response are questions to the vault; a talk has a number of its own there. */
#include "base/log.h"
#include "base/mem.h"
#include "flow/authority_inside.h"
#include "flow/authority_wire.h"
#include "login/saslprep.h"
#include "world/clock.h"

#define OFFER_MS 1000 /* how often is asked what may be offered */

/* --- what may be offered, and reloads ----------------------------------------------------------
 */

static void on_offer(
	struct vault_question *q, const struct vault_message *answer, const struct fail *why)
{
	struct authority *a = AROUND(q, struct authority, offer);

	if (!why && answer->data.n == 1)
		__atomic_store_n(
			&a->mechanisms, (unsigned char)answer->data.p[0], __ATOMIC_RELAXED);
	loop_timer_set(a->loop, &a->watch, loop_now_ms(a->loop) + OFFER_MS);
}

static void ask_offer(struct loop_timer *timer)
{
	struct authority *a = AROUND(timer, struct authority, watch);
	struct vault_message m = { .word = VAULT_OFFER, .status = VAULT_ASKED };

	vault_ask(&a->offer, a->loop, &m);
}

void authority_remote_open(struct authority *a)
{
	struct vault_message m = { .word = VAULT_OFFER, .status = VAULT_ASKED }, answer;
	struct arena arena;
	struct fail why;

	arena_init(&arena, ARENA_UNLIMITED);
	if (!vault_ask_now(&arena, &m, &answer, &why))
		log_line(LOG_ERROR, "logins-not-read", "%s", why.text);
	else if (answer.data.n == 1)
		a->mechanisms = (unsigned char)answer.data.p[0];
	arena_free(&arena);
	a->remote = true;
	a->offer.answered = on_offer;
	a->watch.run = ask_offer;
	loop_timer_set(a->loop, &a->watch, loop_now_ms(a->loop) + OFFER_MS);
	loop_start(a->loop);
}

struct reload {
	struct loop_task task;
	struct vault_question question;
	struct authority *authority;
};

static void on_reloaded(
	struct vault_question *q, const struct vault_message *answer, const struct fail *why)
{
	(void)answer;
	if (why)
		log_line(LOG_ERROR, "logins-not-read", "%s", why->text);
	mem_free(AROUND(q, struct reload, question));
}

static void reload(struct loop_task *task)
{
	struct reload *r = AROUND(task, struct reload, task);
	struct vault_message m = { .word = VAULT_RELOAD, .status = VAULT_ASKED };

	r->question.answered = on_reloaded;
	vault_ask(&r->question, r->authority->loop, &m);
}

void authority_remote_change(struct authority *a)
{
	struct reload *r = MEM_NEW(struct reload);

	r->authority = a;
	r->task.run = reload;
	loop_post(a->loop, &r->task);
}

/* --- talks -------------------------------------------------------------------------------------
 */

static str number_of(const struct authority_talk *t)
{
	return str_from((const char *)&t->remote_number, sizeof t->remote_number);
}

static void talk_free(struct authority_talk *t)
{
	saslprep_wipe(&t->response);
	buf_free(&t->bytes);
	buf_free(&t->login);
	mem_free(t);
}

static void leave(struct authority_talk *t)
{
	struct vault_message m = {
		.word = VAULT_LEAVE, .status = VAULT_ASKED, .path = number_of(t)
	};

	vault_tell(t->loop, &m);
}

static void read_answer(struct authority_talk *t, const struct vault_message *m)
{
	str reason = S("");

	buf_clear(&t->bytes);
	buf_clear(&t->login);
	buf_put(&t->login, m->key);
	t->answer = (struct authority_answer){ .kind = AUTHORITY_NO,
		.login = buf_str(&t->login),
		.why = &t->why,
		.reason = t->reason };
	if (str_eq(m->path, AUTHORITY_WIRE_CHALLENGE)) {
		buf_put(&t->bytes, m->data);
		t->answer = (struct authority_answer){ .kind = AUTHORITY_CHALLENGE,
			.bytes = buf_str(&t->bytes) };
	} else if (str_eq(m->path, AUTHORITY_WIRE_YES)) {
		t->answer = (struct authority_answer){ .kind = AUTHORITY_YES,
			.login = buf_str(&t->login) };
	} else if (!authority_wire_take_refusal(m->data, &t->why, &reason)) {
		fail_reply(&t->why, 454, "4.7.0", "Logins cannot be checked at this moment");
	}
	str_to_c(reason, t->reason, sizeof t->reason);
}

static void on_answer(
	struct vault_question *q, const struct vault_message *answer, const struct fail *why)
{
	struct authority_talk *t = AROUND(q, struct authority_talk, asked);

	__atomic_sub_fetch(&t->authority->talks, 1, __ATOMIC_RELAXED);
	t->away = false;
	if (!why) {
		read_answer(t, answer);
	} else {
		fail_reply(&t->why, 454, "4.7.0",
			"Logins cannot be checked at this moment, try again later");
		str_to_c(str_of(why->text), t->reason, sizeof t->reason);
		t->answer = (struct authority_answer){
			.kind = AUTHORITY_NO, .login = S(""), .why = &t->why, .reason = t->reason
		};
	}
	if (t->answer.kind == AUTHORITY_CHALLENGE) {
		t->answered(t->owner, &t->answer);
		return;
	}
	t->answered(t->owner, &t->answer); /* the owner's pointer is dead from here on */
	talk_free(t);
}

static void send_question(struct authority_talk *t, enum vault_word word, str question, str data)
{
	struct vault_message m = { .word = word,
		.status = VAULT_ASKED,
		.path = number_of(t),
		.key = question,
		.data = data };

	__atomic_add_fetch(&t->authority->talks, 1, __ATOMIC_RELAXED);
	t->away = true;
	t->asked.answered = on_answer;
	t->asked.wait_ms = AUTHORITY_WAIT_MS;
	vault_ask(&t->asked, t->loop, &m);
}

void authority_remote_ask(struct authority_talk *t, str response)
{
	static uint64_t numbers;
	struct buf question = { 0 };

	t->remote_number = __atomic_add_fetch(&numbers, 1, __ATOMIC_RELAXED);
	authority_wire_put_question(&t->question, &question);
	send_question(t, VAULT_LOGIN, buf_str(&question), response);
	buf_free(&question);
}

void authority_remote_respond(struct authority_talk *t, str response)
{
	send_question(t, VAULT_RESPOND, S(""), response);
}

void authority_remote_leave(struct authority_talk *t)
{
	if (t->away) {
		__atomic_sub_fetch(&t->authority->talks, 1, __ATOMIC_RELAXED);
		vault_forget(&t->asked);
	}
	leave(t);
	talk_free(t);
}
