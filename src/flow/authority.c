#include "flow/authority.h"

#include <openssl/crypto.h>

#include "base/log.h"
#include "base/mem.h"
#include "flow/authority_inside.h"
#include "login/saslprep.h"
#include "world/clock.h"

#define WATCH_MS 1000

const struct conf_login *authority_login(const struct authority *a)
{
	return &a->conf->login;
}

bool authority_left(const struct authority_talk *t)
{
	return __atomic_load_n(&t->left, __ATOMIC_ACQUIRE);
}

unsigned authority_mechanisms(const struct authority *a)
{
	return __atomic_load_n(&a->mechanisms, __ATOMIC_RELAXED);
}

void authority_offer(struct authority *a)
{
	bool scram = a->passdb && passdb_has_scram(a->passdb);
	bool dovecot = authority_dovecot_wanted(a);
	unsigned m = 0;

	if (conf_login_any(authority_login(a)))
		m = SASL_PLAIN | SASL_LOGIN;
	if (scram || (dovecot && a->dovecot_scram))
		m |= SASL_SCRAM;
	/* A client that can bind the channel will, and for whom only Dovecot knows that cannot
	 * work: it lacks PLUS. */
	if (scram && !dovecot)
		m |= SASL_SCRAM_PLUS;
	__atomic_store_n(&a->mechanisms, m, __ATOMIC_RELAXED);
}

/* --- the end of a talk ------------------------------------------------------------------------ */

/* In the authority's thread, or after it has ended: all talks end here. */
static void talk_free(struct authority_talk *t)
{
	list_remove(&t->of_all);
	sasl_free(t->sasl);
	passdb_drop(t->passdb);
	saslprep_wipe(&t->response);
	buf_free(&t->bytes);
	buf_free(&t->login);
	mem_free(t);
}

/* The asker has heard the last answer, or has left. */
static void forget(struct loop_task *task)
{
	struct authority_talk *t = AROUND(task, struct authority_talk, task);

	authority_dovecot_forget(t);
	talk_free(t);
}

static void send_away(struct authority_talk *t)
{
	t->away = true;
	t->task.run = forget;
	loop_post(t->authority->loop, &t->task);
}

/* --- answers ---------------------------------------------------------------------------------- */

/* In the asker's thread. */
static void come_back(struct loop_task *task)
{
	struct authority_talk *t = AROUND(task, struct authority_talk, task);
	bool over = t->answer.kind != AUTHORITY_CHALLENGE;

	t->away = false;
	if (!t->left) {
		if (over)
			t->left = true; /* the owner's pointer is dead from here on */
		t->answered(t->owner, &t->answer);
	}
	if (t->left && !t->away)
		send_away(t);
}

static void send_back(struct authority_talk *t)
{
	t->place = AUTHORITY_AT_ASKER;
	loop_timer_cancel(t->authority->loop, &t->timer);
	__atomic_sub_fetch(&t->authority->talks, 1, __ATOMIC_RELAXED);
	t->task.run = come_back;
	loop_post(t->loop, &t->task);
}

void authority_challenge(struct authority_talk *t, str bytes)
{
	buf_clear(&t->bytes);
	buf_put(&t->bytes, bytes);
	t->answer = (struct authority_answer){ .kind = AUTHORITY_CHALLENGE,
		.bytes = buf_str(&t->bytes) };
	send_back(t);
}

void authority_say_yes(struct authority_talk *t)
{
	t->answer = (struct authority_answer){ .kind = AUTHORITY_YES, .login = buf_str(&t->login) };
	send_back(t);
}

void authority_say_no(struct authority_talk *t, const struct fail *why, const char *reason)
{
	if (why != &t->why)
		t->why = *why;
	str_to_c(str_of(reason), t->reason, sizeof t->reason);
	t->answer = (struct authority_answer){ .kind = AUTHORITY_NO,
		.login = buf_str(&t->login),
		.why = &t->why,
		.reason = t->reason };
	send_back(t);
}

static void late(struct loop_timer *timer)
{
	struct authority_talk *t = AROUND(timer, struct authority_talk, timer);

	authority_say_no(t, &t->why, t->reason);
}

/* From the same moment on, whatever it was that took time: it tells nothing. */
void authority_say_wrong(struct authority_talk *t, const char *reason)
{
	t->place = AUTHORITY_AT_DELAY;
	fail_reply(&t->why, 535, "5.7.8", "Wrong name or password");
	str_to_c(str_of(reason), t->reason, sizeof t->reason);
	t->timer.run = late;
	loop_timer_set(t->authority->loop, &t->timer,
		t->since_ms + authority_login(t->authority)->refusal_ms);
}

/* --- one exchange ----------------------------------------------------------------------------- */

static void do_act(struct authority_talk *t, const struct sasl_act *act);

void authority_remember(struct authority_talk *t, str name)
{
	buf_clear(&t->login);
	buf_put(&t->login, name);
}

static void no_table(struct authority_talk *t)
{
	struct fail why;

	fail_reply(&why, 454, "4.7.0", "Logins cannot be checked at this moment, try again later");
	authority_say_no(t, &why, "the passwd-file cannot be read");
}

/* The entry of a name, or the one that stands in for it.  False: the name is Dovecot's to know, or
 * nobody is left to be asked; then t->entry is null. */
static bool find_entry(struct authority_talk *t, str name, bool scram)
{
	struct authority *a = t->authority;

	passdb_drop(t->passdb);
	t->passdb = a->passdb ? passdb_keep(a->passdb) : NULL;
	t->entry = NULL;
	t->real = false;
	if (!t->passdb)
		return false;
	t->entry = passdb_find(t->passdb, name);
	t->real = t->entry && (!scram || t->entry->hash.kind == SCHEME_SCRAM);
	if (t->entry && !t->real) /* he has a password, but none that SCRAM can use */
		t->entry = NULL;
	else if (!t->entry && authority_dovecot_wanted(a))
		return false;
	if (!t->entry)
		t->entry = passdb_decoy(t->passdb, name, scram, a->secret);
	return t->entry != NULL;
}

static void check_password(struct authority_talk *t, const struct sasl_act *act)
{
	struct buf plain = { 0 };

	authority_remember(t, act->name);
	if (find_entry(t, act->name, false)) {
		authority_pool_check(t, act->password);
		return;
	}
	if (!authority_dovecot_wanted(t->authority)) {
		if (t->passdb) /* an empty one */
			authority_say_wrong(t, "there is no login at all");
		else
			no_table(t);
		return;
	}
	buf_put_char(&plain, '\0');
	buf_put(&plain, act->name);
	buf_put_char(&plain, '\0');
	buf_put(&plain, act->password);
	authority_dovecot_ask(t, buf_str(&plain));
	saslprep_wipe(&plain);
}

static void give_secret(struct authority_talk *t, const struct sasl_act *act)
{
	struct authority *a = t->authority;
	struct scram_secret secret;
	struct sasl_act next;
	uint64_t made;

	authority_remember(t, act->name);
	if (find_entry(t, act->name, true)) {
		secret = t->entry->hash.scram;
		if (!t->real) { /* a salt of its own, the same at each try */
			for (size_t i = 0; i < secret.salt_octets; i += sizeof made) {
				size_t n = secret.salt_octets - i;

				made = map_hash(act->name) * (2 * i + 0x9e3779b97f4a7c15ULL) ^
				       a->secret;
				made ^= made >> 29;
				made *= 0xbf58476d1ce4e5b9ULL;
				memcpy(secret.salt + i, &made, n < sizeof made ? n : sizeof made);
			}
		}
		next = sasl_secret(t->sasl, &secret, t->real);
		do_act(t, &next);
		OPENSSL_cleanse(&secret, sizeof secret);
		return;
	}
	if (authority_dovecot_wanted(a) && t->question.mechanism == SASL_SCRAM) {
		t->passes = true;
		authority_dovecot_ask(t, buf_str(&t->response));
		return;
	}
	if (t->passdb || authority_dovecot_wanted(a))
		authority_say_wrong(t, "nobody has a SCRAM secret");
	else
		no_table(t);
}

static void do_act(struct authority_talk *t, const struct sasl_act *act)
{
	switch (act->kind) {
	case SASL_CHALLENGE:
		authority_challenge(t, act->bytes);
		return;
	case SASL_CHECK:
		check_password(t, act);
		return;
	case SASL_SECRET:
		give_secret(t, act);
		return;
	case SASL_DONE:
		authority_remember(t, act->name);
		authority_say_yes(t);
		return;
	case SASL_REFUSED:
		authority_remember(t, act->name);
		authority_say_wrong(t, act->why);
		return;
	}
}

static void begin(struct loop_task *task)
{
	struct authority_talk *t = AROUND(task, struct authority_talk, task);
	struct sasl_setup setup = { .mechanism = t->question.mechanism,
		.plus_offered = t->question.plus_offered,
		.binding = t->question.binding };
	uint64_t random[3] = { clock_random(), clock_random(), clock_random() };
	struct sasl_act act;

	_Static_assert(sizeof random >= SASL_NONCE_OCTETS, "the nonce needs more");
	memcpy(setup.nonce, random, SASL_NONCE_OCTETS);
	list_append(&t->authority->all, &t->of_all);
	t->sasl = sasl_new(&setup);
	t->since_ms = loop_now_ms(t->authority->loop);
	act = sasl_begin(t->sasl, t->question.initial, buf_str(&t->response));
	do_act(t, &act);
}

static void go_on(struct loop_task *task)
{
	struct authority_talk *t = AROUND(task, struct authority_talk, task);
	struct sasl_act act;

	t->since_ms = loop_now_ms(t->authority->loop);
	if (t->passes) {
		authority_dovecot_respond(t, buf_str(&t->response));
		return;
	}
	act = sasl_respond(t->sasl, buf_str(&t->response));
	do_act(t, &act);
}

/* --- the asker's side ------------------------------------------------------------------------- */

static void too_many(struct loop_task *task)
{
	struct authority_talk *t = AROUND(task, struct authority_talk, task);

	fail_reply(&t->why, 454, "4.7.0", "Too many logins at this moment, try again later");
	t->answer = (struct authority_answer){
		.kind = AUTHORITY_NO, .login = S(""), .why = &t->why, .reason = "too many talks"
	};
	come_back(&t->task);
}

static void send_there(struct authority_talk *t, str response, void (*run)(struct loop_task *task))
{
	unsigned talks = __atomic_add_fetch(&t->authority->talks, 1, __ATOMIC_RELAXED);

	saslprep_wipe(&t->response);
	if (response.n > 0)
		buf_put(&t->response, response);
	t->away = true;
	t->task.run = run;
	if (talks <= AUTHORITY_TALKS_MAX) {
		loop_post(t->authority->loop, &t->task);
		return;
	}
	__atomic_sub_fetch(&t->authority->talks, 1, __ATOMIC_RELAXED);
	t->task.run = too_many; /* by way of his own loop: never from inside his call */
	loop_post(t->loop, &t->task);
}

struct authority_talk *authority_ask(struct authority *a, struct loop *loop,
	const struct authority_question *question, authority_answered *answered, void *owner)
{
	struct authority_talk *t = MEM_NEW(struct authority_talk);

	t->authority = a;
	t->loop = loop;
	t->answered = answered;
	t->owner = owner;
	t->question = *question;
	list_init(&t->link);
	list_init(&t->of_all);
	if (a->remote)
		authority_remote_ask(t, question->response);
	else
		send_there(t, question->response, begin);
	return t;
}

void authority_respond(struct authority_talk *t, str response)
{
	if (t->authority->remote)
		authority_remote_respond(t, response);
	else
		send_there(t, response, go_on);
}

void authority_leave(struct authority_talk *t)
{
	if (!t)
		return;
	if (t->authority->remote) {
		authority_remote_leave(t);
		return;
	}
	__atomic_store_n(&t->left, true, __ATOMIC_RELEASE);
	if (!t->away)
		send_away(t);
}

/* --- the table -------------------------------------------------------------------------------- */

static void read_table(struct authority *a)
{
	const struct conf_login *login = authority_login(a);
	struct passdb *fresh = NULL;
	struct fail why = { 0 };
	struct arena arena;
	str text;

	a->stamp = file_stamp(login->passwd_file);
	arena_init(&arena, ARENA_UNLIMITED);
	if (file_read(&arena, login->passwd_file, &text, &why)) {
		fresh = passdb_read(login->passwd_file, text, &why);
		OPENSSL_cleanse((char *)text.p, text.n);
	}
	arena_free(&arena);
	if (!fresh) {
		log_line(LOG_ERROR, "logins-not-read", "%s%s", why.text,
			a->passdb ? ": the former table stays" : "");
		return;
	}
	passdb_drop(a->passdb);
	a->passdb = fresh;
	log_line(LOG_INFO, "logins-read", "%zu in %.*s", passdb_count(fresh),
		STR(login->passwd_file));
}

static void look(struct loop_timer *timer)
{
	struct authority *a = AROUND(timer, struct authority, watch);
	const struct conf_login *login = authority_login(a);

	if (login->passwd_file.n > 0) {
		struct file_stamp now = file_stamp(login->passwd_file);

		if (!file_stamp_eq(&now, &a->stamp)) {
			read_table(a);
			authority_offer(a);
		}
	}
	loop_timer_set(a->loop, timer, loop_now_ms(a->loop) + WATCH_MS);
}

/* --- its life --------------------------------------------------------------------------------- */

static void obey(struct authority *a, struct conf *conf)
{
	bool other = !a->conf || !str_eq(a->conf->login.passwd_file, conf->login.passwd_file);

	conf_drop(a->conf);
	a->conf = conf;
	if (other) {
		passdb_drop(a->passdb);
		a->passdb = NULL;
		if (conf->login.passwd_file.n > 0)
			read_table(a);
	}
	authority_dovecot_change(a);
	authority_offer(a);
}

struct change {
	struct loop_task task;
	struct authority *authority;
	struct conf *conf;
};

static void change(struct loop_task *task)
{
	struct change *c = AROUND(task, struct change, task);

	obey(c->authority, c->conf);
	mem_free(c);
}

void authority_change(struct authority *a, const struct conf *conf)
{
	struct change *c;

	if (a->remote) {
		authority_remote_change(a);
		return;
	}
	c = MEM_NEW(struct change);
	*c = (struct change){
		.task.run = change, .authority = a, .conf = conf_keep((struct conf *)conf)
	};
	loop_post(a->loop, &c->task);
}

struct authority *authority_open(const struct conf *conf, unsigned threads)
{
	struct authority *a = MEM_NEW(struct authority);

	a->loop = loop_new("authority");
	if (vault_is_there()) {
		authority_remote_open(a);
		return a;
	}
	a->threads = threads;
	a->pool = work_open("passwords", threads, threads, true);
	a->secret = clock_random();
	list_init(&a->all);
	list_init(&a->turns);
	list_init(&a->unasked);
	a->watch.run = look;
	obey(a, conf_keep((struct conf *)conf));
	loop_timer_set(a->loop, &a->watch, loop_now_ms(a->loop) + WATCH_MS);
	loop_start(a->loop);
	return a;
}

void authority_close(struct authority *a)
{
	if (!a)
		return;
	if (a->remote) {
		loop_stop(a->loop);
		loop_join(a->loop);
		loop_free(a->loop);
		mem_free(a);
		return;
	}
	work_close(a->pool);
	loop_stop(a->loop);
	loop_join(a->loop);
	LIST_EACH_SAFE (link, &a->all) /* nobody waits for them any more */
		talk_free(AROUND(link, struct authority_talk, of_all));
	authority_dovecot_close(a);
	authority_pool_close(a);
	loop_free(a->loop);
	passdb_drop(a->passdb);
	conf_drop(a->conf);
	mem_free(a);
}
