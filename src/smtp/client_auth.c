/* smtp/client, AUTH: RFC 4954.  The machine knows the lines, whoever it asks knows the mechanisms.
 */
#include <openssl/crypto.h>

#include "base/base64.h"
#include "smtp/client_machine.h"

#define COMMAND_OCTETS_MAX 512   /* RFC 4954 section 4: a longer initial response has to wait */
#define RESPONSE_OCTETS_MAX 9216 /* so that its line is not beyond what RFC 4954 allows */

static void wipe(struct buf *b)
{
	if (b->p)
		OPENSSL_cleanse(b->p, b->size);
	buf_free(b);
}

void smtp_client_auth_wipe(struct smtp_client *c)
{
	wipe(&c->auth.held);
	wipe(&c->auth.challenge);
	c->auth.due = c->auth.on_hold = false;
}

static void fail(struct smtp_client *c, const char *text)
{
	struct fail why;

	fail_with(&why, FAIL_TEMPORARY, "4.7.0", "%s", text);
	smtp_client_auth_wipe(c);
	smtp_client_leave(c, &why);
}

void smtp_client_auth_begin(struct smtp_client *c)
{
	if (!c->setup.login) {
		smtp_client_ready(c);
	} else if (!c->secured) {
		fail(c, "A login is wanted, and there is no TLS: no password goes out in clear");
	} else if (c->peer.auth[0] == '\0') {
		fail(c, "A login is wanted, and the peer does not offer AUTH");
	} else {
		c->auth.challenged = false;
		c->auth.due = true;
		c->waiting = WAIT_LOGIN;
	}
}

/* --- what we say ---------------------------------------------------------------------------- */

/* "=" is the empty response of a command (RFC 4954 section 4). */
static void say_command(struct smtp_client *c, const struct smtp_client_login *login)
{
	struct buf line = { 0 };

	buf_putf(&line, "AUTH %.*s", STR(login->mechanism));
	if (login->response.p) {
		buf_put_char(&line, ' ');
		if (login->response.n == 0)
			buf_put_char(&line, '=');
		(void)!base64_encode(login->response, &line); /* no limit */
	}
	if (buf_str(&line).n + 2 > COMMAND_OCTETS_MAX) {
		buf_put(&c->auth.held, login->response);
		c->auth.on_hold = true;
		buf_putf(&c->out, "AUTH %.*s\r\n", STR(login->mechanism));
	} else {
		buf_put(&c->out, buf_str(&line));
		buf_put(&c->out, S("\r\n"));
	}
	wipe(&line);
}

static void say_response(struct smtp_client *c, str response)
{
	(void)!base64_encode(response, &c->out); /* no limit */
	buf_put(&c->out, S("\r\n"));
}

void smtp_client_auth(struct smtp_client *c, const struct smtp_client_login *login, int64_t now_ms)
{
	if (c->waiting != WAIT_LOGIN)
		return;
	c->now_ms = c->since_ms = now_ms;
	if (login->response.n > RESPONSE_OCTETS_MAX) {
		struct fail why;

		fail_with(&why, FAIL_TEMPORARY, "4.7.0", "Our login is too long to be said");
		smtp_client_auth_fail(c, &why, now_ms);
		return;
	}
	if (c->auth.begun)
		say_response(c, login->response);
	else
		say_command(c, login);
	c->auth.begun = true;
	c->auth.last = login->last;
	c->waiting = WAIT_AUTH;
}

/* An exchange that was begun has to be ended before anything else is said. */
static void give_up(struct smtp_client *c, const struct fail *why)
{
	smtp_client_auth_wipe(c);
	if (!c->auth.begun) {
		smtp_client_leave(c, why);
		return;
	}
	c->trouble = *why;
	c->auth.ended = true;
	buf_put(&c->out, S("*\r\n"));
	c->waiting = WAIT_AUTH;
}

void smtp_client_auth_fail(struct smtp_client *c, const struct fail *why, int64_t now_ms)
{
	if (c->waiting != WAIT_LOGIN)
		return;
	c->now_ms = c->since_ms = now_ms;
	give_up(c, why);
}

/* --- what the peer says --------------------------------------------------------------------- */

void smtp_client_auth_text(struct smtp_client *c, str text)
{
	buf_clear(&c->auth.challenge);
	c->auth.challenged = base64_decode(str_trim(text), &c->auth.challenge);
}

static void on_challenge(struct smtp_client *c)
{
	struct fail why;

	if (!c->auth.challenged) {
		fail_with(&why, FAIL_TEMPORARY, "4.7.0", "The peer's challenge is no base64");
		give_up(c, &why);
	} else if (c->auth.on_hold && buf_str(&c->auth.challenge).n == 0) {
		say_response(c, buf_str(&c->auth.held));
		wipe(&c->auth.held);
		c->auth.on_hold = false;
	} else {
		c->auth.due = true;
		c->waiting = WAIT_LOGIN;
	}
}

void smtp_client_auth_replied(struct smtp_client *c, const struct fail *reply)
{
	struct fail why;

	if (c->auth.ended) {
		why = c->trouble;
		smtp_client_leave(c, &why);
	} else if (reply->code == 334) {
		on_challenge(c);
	} else if (reply->kind != FAIL_NONE) {
		smtp_client_auth_wipe(c);
		smtp_client_leave(c, reply);
	} else if (!c->auth.last || c->auth.on_hold) {
		fail(c, "The peer took our login before it had proven itself");
	} else {
		smtp_client_auth_wipe(c);
		smtp_client_ready(c);
	}
}
