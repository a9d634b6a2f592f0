/* smtp/server, XCLIENT and XFORWARD: who the client really is, from those who may say so. */
#include "smtp/server_inside.h"

#include "base/mem.h"

static bool may_say(struct smtp_server *s, bool allowed, const char *text)
{
	if (!allowed)
		smtp_server_refuse_as(s, NULL, 550, "5.7.0", text);
	return allowed;
}

void smtp_server_xclient_command(struct smtp_server *s, str arg)
{
	struct xclient said = { 0 };
	struct fail why = { 0 };

	if (!may_say(s, s->setup->xclient, "XCLIENT is not for you"))
		return;
	if (!xclient_parse(arg, false, &said, &why)) {
		smtp_server_refuse(s, &why);
		return;
	}
	mem_free(s->said);
	s->said = MEM_NEW(struct xclient);
	*s->said = said;
	smtp_server_ask(s, SMTP_ASK_CLIENT);
}

/* The session begins anew (XCLIENT_README): with a banner, and a client who has to say EHLO, in as
 * much TLS as there was. */
void smtp_server_xclient_answered(struct smtp_server *s, const struct fail *refusal, str login)
{
	unsigned said = s->said->said;

	mem_free(s->said);
	s->said = NULL;
	if (refusal) {
		smtp_server_pass_on(s, refusal);
		return;
	}
	if (said & (XCLIENT_LOGIN | XCLIENT_ADDR)) { /* another client has not logged in */
		mem_free((void *)s->login.p);
		s->login = mem_copy(login);
	}
	s->at = AT_START;
	s->extended = false;
	mem_free((void *)s->helo.p);
	s->helo = (str){ 0 };
	smtp_server_xclient_forget(s);
	s->early = s->pending;
	smtp_server_banner(s, NULL);
}

/* What is said adds up, over several commands, until a transaction has ended. */
void smtp_server_xclient_forward(struct smtp_server *s, str arg)
{
	struct xclient said = { 0 };
	struct fail why = { 0 };

	if (!may_say(s, s->setup->xforward, "XFORWARD is not for you"))
		return;
	if (s->forward)
		said = *s->forward;
	if (!xclient_parse(arg, true, &said, &why)) {
		smtp_server_refuse(s, &why);
		return;
	}
	if (!s->forward)
		s->forward = MEM_NEW(struct xclient);
	*s->forward = said;
	smtp_server_say(s, 250, "2.0.0", "Taken note of");
}

void smtp_server_xclient_forget(struct smtp_server *s)
{
	mem_free(s->forward);
	s->forward = NULL;
}

void smtp_server_xclient_offer(struct smtp_server *s)
{
	if (s->setup->xclient)
		buf_put(&s->out, S("250-" XCLIENT_OFFER "\r\n"));
	if (s->setup->xforward)
		buf_put(&s->out, S("250-" XCLIENT_FORWARD_OFFER "\r\n"));
}
