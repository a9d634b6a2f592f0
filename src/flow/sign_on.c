#include "flow/sign_on.h"

#include "flow/sign_in.h"
#include "login/saslprep.h"
#include "route/nexthop.h"
#include "world/clock.h"
#include "world/file.h"

#define WAIT_MS 30000 /* for the vault: it may compute for long, for others before us */

static void fail(struct sign_on *s, const struct fail *why)
{
	s->waits = false;
	smtp_client_auth_fail(s->machine, why, loop_now_ms(s->loop));
	s->answered(s->owner);
}

static void tell(struct sign_on *s, const struct introduction_answer *answer)
{
	struct smtp_client_login login = {
		.mechanism = str_of(sasl_mechanism_name(answer->mechanism)), .last = answer->last
	};

	if (!answer->silent)
		login.response = answer->bytes.p ? answer->bytes : S("");
	str_to_c(answer->name, s->name, sizeof s->name);
	s->waits = false;
	smtp_client_auth(s->machine, &login, loop_now_ms(s->loop));
	s->answered(s->owner);
}

static void question(const struct sign_on *s, struct introduction_question *q)
{
	*q = (struct introduction_question){
		.whom = {.host = s->host,
			 .nexthop = nexthop_of(s->transport, s->nexthop).host,
			 .port = s->port},
		.offered = str_of(s->offered),
		.binding = s->binding,
		.challenges = buf_str(&s->challenges)
	};
	memcpy(q->nonce, s->nonce, sizeof q->nonce);
}

/* --- by the vault ------------------------------------------------------------------------------
 */

static void on_answer(
	struct vault_question *asked, const struct vault_message *m, const struct fail *refusal)
{
	struct sign_on *s = AROUND(asked, struct sign_on, asked);
	struct introduction_answer answer;
	struct fail why;

	if (refusal) {
		fail(s, refusal);
	} else if (introduction_take_answer(m->data, &answer)) {
		tell(s, &answer);
	} else {
		fail_with(&why, FAIL_TEMPORARY, "4.7.0", "the vault is not understood");
		fail(s, &why);
	}
}

static void ask_vault(struct sign_on *s)
{
	struct introduction_question q;
	struct buf bytes = { 0 };
	struct vault_message m = { .word = VAULT_INTRODUCE,
		.status = VAULT_ASKED,
		.path = s->transport->peer.login.path };

	question(s, &q);
	introduction_put_question(&q, &bytes);
	m.data = buf_str(&bytes);
	s->asked.answered = on_answer;
	s->asked.wait_ms = WAIT_MS;
	vault_ask(&s->asked, s->loop, &m);
	buf_free(&bytes);
}

/* --- in a world without one --------------------------------------------------------------------
 */

static void make_it_here(struct loop_timer *timer)
{
	struct sign_on *s = AROUND(timer, struct sign_on, later);
	str path = s->transport->peer.login.path, text;
	struct introduction_question q;
	struct introduction_answer answer;
	struct buf to = { 0 };
	struct fail why = { 0 };
	struct arena a;

	question(s, &q);
	arena_init(&a, ARENA_UNLIMITED);
	if (file_read(&a, path, &text, &why) &&
		introduction_make(path, text, &q, &to, &answer, &why))
		tell(s, &answer);
	else
		fail(s, &why);
	arena_free(&a);
	buf_free(&to);
}

/* --- the machine's calls ------------------------------------------------------------------------
 */

/* False: nothing is left. */
static bool filter(struct sign_on *s)
{
	str rest = str_of(smtp_client_peer(s->machine)->auth), name;
	unsigned wanted = s->transport->peer.mechanisms;
	size_t n = 0;

	str_to_c(rest, s->offered, sizeof s->offered);
	if (!wanted)
		return true;
	while (str_word(&rest, &name))
		if (sasl_mechanism_find(name) & wanted && n + 1 + name.n < sizeof s->offered) {
			str_to_c(name, s->offered + n, sizeof s->offered - n);
			n += name.n;
			s->offered[n++] = ' ';
		}
	s->offered[n] = '\0';
	return n > 0;
}

/* Who is told to leave PLUS alone does not say that he could do it: the server would take that for
 * an offer that was changed on its way. */
static void bind(struct sign_on *s)
{
	unsigned wanted = s->transport->peer.mechanisms;

	if (wanted && !(wanted & SASL_SCRAM_PLUS))
		s->binding = (struct sasl_binding){ 0 };
	else
		sign_in_binding(s->sock, &s->binding);
}

static void begin(struct sign_on *s)
{
	uint64_t random[3] = { clock_random(), clock_random(), clock_random() };

	_Static_assert(sizeof random >= SASL_NONCE_OCTETS, "the nonce needs more");
	memcpy(s->nonce, random, SASL_NONCE_OCTETS);
	bind(s);
	buf_clear(&s->challenges);
}

static void too_much(struct loop_timer *timer)
{
	struct fail why;

	fail_with(&why, FAIL_TEMPORARY, "4.7.0", "The peer asks for more than any login has");
	fail(AROUND(timer, struct sign_on, later), &why);
}

static void nothing_left(struct loop_timer *timer)
{
	struct sign_on *s = AROUND(timer, struct sign_on, later);
	struct fail why;

	fail_with(&why, FAIL_TEMPORARY, "4.7.0",
		"The peer offers no way to log in that login-mechanisms allows: %s",
		smtp_client_peer(s->machine)->auth);
	fail(s, &why);
}

static void do_later(struct sign_on *s, void (*run)(struct loop_timer *timer))
{
	s->later.run = run;
	loop_timer_set(s->loop, &s->later, loop_now_ms(s->loop));
}

void sign_on_ask(struct sign_on *s, str challenge)
{
	s->waits = true;
	s->asks_vault = false;
	if (!challenge.p)
		begin(s);
	if (!challenge.p && !filter(s)) {
		do_later(s, nothing_left);
	} else if (challenge.p && !introduction_add(&s->challenges, challenge)) {
		do_later(s, too_much);
	} else if (vault_is_there()) {
		s->asks_vault = true;
		ask_vault(s);
	} else {
		do_later(s, make_it_here);
	}
}

void sign_on_leave(struct sign_on *s)
{
	if (s->waits && s->asks_vault)
		vault_forget(&s->asked);
	else if (s->waits)
		loop_timer_cancel(s->loop, &s->later);
	s->waits = false;
	buf_free(&s->challenges);
	s->name[0] = '\0';
}
