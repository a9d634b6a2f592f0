#include "daemon/vault_login.h"

#include "admin/generation.h"
#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/vault_introduce.h"
#include "flow/authority.h"
#include "flow/authority_wire.h"
#include "world/process.h"

struct vault_login {
	str dir;
	struct loop *loop;
	struct authority *authority;
	struct vault_introduce *introduce;
	struct list talks;
	size_t count;
};

struct talk {
	struct list link;
	struct vault_login *vault;
	struct vault_stream *stream;
	struct authority_talk *talk;
	char number[8];  /* as the asker calls it */
	uint32_t ticket; /* of the message that waits for an answer */
	bool waits;
	enum vault_word word;
};

static void end_talk(struct talk *t)
{
	list_remove(&t->link);
	t->vault->count--;
	mem_free(t);
}

static void refuse(struct vault_stream *s, const struct vault_message *q, const char *why)
{
	struct vault_message a = {
		.word = q->word, .ticket = q->ticket, .status = VAULT_REFUSED, .data = str_of(why)
	};

	vault_serve_answer(s, &a);
}

static void on_answer(void *owner, const struct authority_answer *answer)
{
	struct talk *t = owner;
	struct vault_message a = { .word = t->word,
		.ticket = t->ticket,
		.status = VAULT_DONE,
		.path = answer->kind == AUTHORITY_CHALLENGE ? AUTHORITY_WIRE_CHALLENGE
			: answer->kind == AUTHORITY_YES     ? AUTHORITY_WIRE_YES
							    : AUTHORITY_WIRE_NO,
		.key = answer->kind == AUTHORITY_CHALLENGE ? S("") : answer->login,
		.data = answer->bytes };
	struct buf refusal = { 0 };

	if (answer->kind == AUTHORITY_NO) {
		authority_wire_put_refusal(answer->why, answer->reason, &refusal);
		a.data = buf_str(&refusal);
	}
	t->waits = false;
	vault_serve_answer(t->stream, &a);
	buf_free(&refusal);
	if (answer->kind != AUTHORITY_CHALLENGE)
		end_talk(t);
}

static struct talk *find(struct vault_login *v, struct vault_stream *s, str number)
{
	LIST_EACH (link, &v->talks) {
		struct talk *t = AROUND(link, struct talk, link);

		if (t->stream == s && str_eq(str_from(t->number, sizeof t->number), number))
			return t;
	}
	return NULL;
}

static void begin(struct vault_login *v, struct vault_stream *s, const struct vault_message *q)
{
	struct authority_question question;
	struct talk *t;

	if (!authority_wire_take_question(q->key, &question) || q->path.n != sizeof t->number ||
		find(v, s, q->path) || v->count == AUTHORITY_TALKS_MAX) {
		refuse(s, q, "this login cannot begin");
		return;
	}
	t = MEM_NEW(struct talk);
	t->vault = v;
	t->stream = s;
	t->ticket = q->ticket;
	t->word = q->word;
	t->waits = true;
	memcpy(t->number, q->path.p, sizeof t->number);
	list_append(&v->talks, &t->link);
	v->count++;
	question.response = q->data;
	t->talk = authority_ask(v->authority, v->loop, &question, on_answer, t);
}

static void respond(struct vault_login *v, struct vault_stream *s, const struct vault_message *q)
{
	struct talk *t = find(v, s, q->path);

	if (!t || t->waits) {
		refuse(s, q, "there is no such login under way");
		return;
	}
	t->ticket = q->ticket;
	t->word = q->word;
	t->waits = true;
	authority_respond(t->talk, q->data);
}

static void leave(struct vault_login *v, struct vault_stream *s, const struct vault_message *q)
{
	struct talk *t = find(v, s, q->path);

	if (!t)
		return;
	authority_leave(t->talk);
	end_talk(t);
}

static void offer(struct vault_login *v, struct vault_stream *s, const struct vault_message *q)
{
	char mechanisms = (char)authority_mechanisms(v->authority);
	struct vault_message a = { .word = q->word,
		.ticket = q->ticket,
		.status = VAULT_DONE,
		.data = str_from(&mechanisms, 1) };

	vault_serve_answer(s, &a);
}

static void reload(struct vault_login *v, struct vault_stream *s, const struct vault_message *q)
{
	struct vault_message a = { .word = q->word, .ticket = q->ticket, .status = VAULT_DONE };
	struct fail why;
	struct conf *c = generation_conf(v->dir, &why);

	if (!c) {
		refuse(s, q, why.text);
		return;
	}
	authority_change(v->authority, c);
	conf_drop(c);
	vault_serve_answer(s, &a);
}

static void introduce(struct vault_login *v, struct vault_stream *s, const struct vault_message *q)
{
	vault_introduce_ask(v->introduce, s, q);
}

static void on_asked(void *owner, struct vault_stream *s, const struct vault_message *q)
{
	static void (*const answers[VAULT_WORDS])(
		struct vault_login * v, struct vault_stream * s, const struct vault_message *q) = {
		[VAULT_LOGIN] = begin,
		[VAULT_RESPOND] = respond,
		[VAULT_LEAVE] = leave,
		[VAULT_OFFER] = offer,
		[VAULT_RELOAD] = reload,
		[VAULT_INTRODUCE] = introduce,
	};

	if (answers[q->word])
		answers[q->word](owner, s, q);
}

static void on_closed(void *owner, struct vault_stream *s)
{
	struct vault_login *v = owner;

	vault_introduce_closed(v->introduce, s);
	LIST_EACH_SAFE (link, &v->talks) {
		struct talk *t = AROUND(link, struct talk, link);

		if (t->stream != s)
			continue;
		authority_leave(t->talk);
		end_talk(t);
	}
}

static void on_over(void *owner)
{
	struct vault_login *v = owner;

	loop_stop(v->loop);
}

const struct vault_serve_handler vault_login_handler = {
	.asked = on_asked, .closed = on_closed, .over = on_over
};

struct vault_login *vault_login_new(str dir, struct conf *conf, struct loop *l)
{
	struct vault_login *v = MEM_NEW(struct vault_login);

	v->dir = dir;
	v->loop = l;
	list_init(&v->talks);
	v->introduce = vault_introduce_new(l);
	v->authority =
		authority_open(conf, conf->workers ? conf->workers : (process_cores() + 1) / 2);
	return v;
}

void vault_login_free(struct vault_login *v)
{
	LIST_EACH_SAFE (link, &v->talks)
		end_talk(AROUND(link, struct talk, link));
	vault_introduce_free(v->introduce);
	authority_close(v->authority);
	mem_free(v);
}
