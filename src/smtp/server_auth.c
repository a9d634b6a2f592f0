/* smtp/server, AUTH: RFC 4954.  The machine knows the lines, whoever it asks knows the mechanisms.
 */
#include "smtp/server_inside.h"

#include <openssl/crypto.h>

#include "base/base64.h"
#include "base/mem.h"

static bool is_offered(const struct smtp_server *s, str mechanism)
{
	str rest = s->setup->mechanisms, name;

	while (str_word(&rest, &name))
		if (str_eq_nocase(name, mechanism))
			return true;
	return false;
}

bool smtp_server_auth_offered(const struct smtp_server *s)
{
	return s->setup->login != SMTP_SERVER_LOGIN_OFF && s->setup->mechanisms.n > 0 &&
	       smtp_server_tls_on(s) && s->login.n == 0;
}

bool smtp_server_auth_lacking(const struct smtp_server *s)
{
	return s->setup->login == SMTP_SERVER_LOGIN_REQUIRED && s->login.n == 0;
}

bool smtp_server_auth_open(const struct smtp_server *s)
{
	return s->auth.open;
}

static void wipe_response(struct smtp_server *s)
{
	if (s->auth.response.p)
		OPENSSL_cleanse(s->auth.response.p, s->auth.response.size);
	buf_free(&s->auth.response);
}

void smtp_server_auth_end(struct smtp_server *s)
{
	wipe_response(s);
	s->auth.open = false;
	if (s->reading == READING_AUTH)
		s->reading = READING_COMMANDS;
}

void smtp_server_auth_free(struct smtp_server *s)
{
	wipe_response(s);
	mem_free((void *)s->login.p);
}

/* The exchange is over by what the client sent: whoever we asked hears of it by REFUSED. */
static void give_up(struct smtp_server *s, int code, const char *status, const char *text)
{
	smtp_server_auth_end(s);
	smtp_server_refuse_as(s, NULL, code, status, text);
}

/* A response of the client, or the initial one. */
static void ask(struct smtp_server *s, str text)
{
	wipe_response(s);
	if (!base64_decode(text, &s->auth.response)) {
		give_up(s, 501, "5.5.2", "This is no base64");
		return;
	}
	s->question.auth.response = buf_str(&s->auth.response);
	smtp_server_ask(s, SMTP_ASK_AUTH);
}

void smtp_server_auth_command(struct smtp_server *s, str arg)
{
	struct smtp_auth *auth = &s->question.auth;
	str mechanism;
	bool initial = str_cut(&arg, ' ', &mechanism);

	if (s->setup->login == SMTP_SERVER_LOGIN_OFF) {
		smtp_server_refuse_as(s, NULL, 502, "5.5.1", "AUTH is not offered");
	} else if (!smtp_server_tls_on(s)) {
		smtp_server_refuse_as(s, NULL, 538, "5.7.11", "Encryption is required for AUTH");
	} else if (!s->extended) {
		smtp_server_refuse_as(s, NULL, 503, "5.5.1", "Say EHLO first");
	} else if (s->login.n > 0) {
		smtp_server_refuse_as(s, NULL, 503, "5.5.1", "You have logged in already");
	} else if (s->auth.failed >= s->setup->tries_max) {
		smtp_server_hang_up(s, "tries", "4.7.0", "Too many failed logins");
	} else if (!is_offered(s, mechanism)) {
		smtp_server_refuse_as(s, NULL, 504, "5.5.4", "This mechanism is not offered");
	} else {
		*auth = (struct smtp_auth){ .begins = true, .initial = initial };
		str_to_c(mechanism, auth->mechanism, sizeof auth->mechanism);
		s->auth.open = true;
		ask(s, initial && !str_eq(arg, S("=")) ? arg : S(""));
	}
}

void smtp_server_auth_line(struct smtp_server *s, str line)
{
	if (str_eq(line, S("*"))) {
		give_up(s, 501, "5.7.0", "The login is cancelled, as you wish");
		return;
	}
	s->question.auth.begins = false;
	ask(s, line);
}

void smtp_server_auth_line_bad(struct smtp_server *s)
{
	give_up(s, 500, "5.5.6", "This line of the login is too long, or has a bare CR or LF");
}

bool smtp_server_auth_challenge(struct smtp_server *s, uint32_t ticket, str challenge)
{
	if (!smtp_server_answers(s, ticket))
		return false;
	s->question.open = false;
	s->since_ms = s->now_ms;
	wipe_response(s);
	buf_free(&s->line);
	buf_put(&s->out, S("334 "));
	(void)!base64_encode(challenge, &s->out); /* no limit */
	buf_put(&s->out, S("\r\n"));
	/* Each challenge has to be waited for: what came before it is no answer to it. */
	s->early = s->pending;
	s->reading = READING_AUTH;
	return true;
}

void smtp_server_auth_answered(struct smtp_server *s, const struct fail *refusal, str login)
{
	smtp_server_auth_end(s);
	if (refusal) {
		if (refusal->kind == FAIL_PERMANENT)
			s->auth.failed++;
		smtp_server_pass_on(s, refusal);
		return;
	}
	s->login = mem_copy(login);
	smtp_server_say(s, 235, "2.7.0", "Welcome");
}

str smtp_server_auth_login(const struct smtp_server *s)
{
	return s->login;
}
