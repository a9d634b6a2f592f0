#include "flow/sign_in.h"

#include <stdio.h>

#include "base/log.h"

/* The strongest first: clients take the first that they know. */
static const enum sasl_mechanism order[] = { SASL_SCRAM_PLUS, SASL_SCRAM, SASL_PLAIN, SASL_LOGIN };

str sign_in_offer(struct sign_in *s)
{
	size_t n = 0;

	s->offered = authority_mechanisms(s->flow->authority);
	s->names[0] = '\0';
	for (size_t i = 0; i < LENGTH(order); i++)
		if (s->offered & order[i])
			n += (size_t)snprintf(s->names + n, sizeof s->names - n, "%s%s",
				n > 0 ? " " : "", sasl_mechanism_name(order[i]));
	return str_from(s->names, n);
}

static void log_try(const struct sign_in *s, const struct authority_answer *answer)
{
	bool yes = answer->kind == AUTHORITY_YES;
	char ip[IP_TEXT_MAX];
	struct log_record r;

	log_open(&r, LOG_INFO, yes ? "login" : "login-refused");
	log_id(&r, "session", s->session_id);
	log_c(&r, "client", ip_print(&s->client, ip));
	log_c(&r, "mechanism", s->mechanism);
	log_str(&r, "login", answer->login);
	if (!yes) {
		log_c(&r, "why", answer->reason);
		log_fail(&r, answer->why);
	}
	log_close(&r);
}

static void on_answer(void *owner, const struct authority_answer *answer)
{
	struct sign_in *s = owner;

	switch (answer->kind) {
	case AUTHORITY_CHALLENGE:
		/* where the question was too old, the client has heard 451 */
		if (!smtp_server_auth_challenge(s->machine, s->ticket, answer->bytes))
			sign_in_leave(s);
		break;
	case AUTHORITY_YES:
		s->talk = NULL;
		log_try(s, answer);
		(void)!smtp_server_answer(s->machine, s->ticket, NULL, answer->login);
		break;
	case AUTHORITY_NO:
		s->talk = NULL;
		log_try(s, answer);
		(void)!smtp_server_answer(s->machine, s->ticket, answer->why, S(""));
		break;
	}
	s->answered(s->owner);
}

void sign_in_binding(const struct sock *sock, struct sasl_binding *to)
{
	struct tls_binding binding;

	sock_tls_binding(sock, &binding);
	memcpy(to->exporter, binding.exporter, sizeof to->exporter);
	memcpy(to->end_point, binding.end_point, sizeof to->end_point);
	to->exporter_octets = binding.exporter_octets;
	to->end_point_octets = binding.end_point_octets;
}

static void begin(struct sign_in *s, const struct smtp_auth *auth)
{
	struct authority_question question = { .mechanism =
						       sasl_mechanism_find(str_of(auth->mechanism)),
		.plus_offered = s->offered & SASL_SCRAM_PLUS,
		.client = s->client,
		.initial = auth->initial,
		.response = auth->response };

	sign_in_leave(s); /* one that got no answer in time */
	sign_in_binding(s->sock, &question.binding);
	str_to_c(str_of(auth->mechanism), s->mechanism, sizeof s->mechanism);
	s->talk = authority_ask(s->flow->authority, s->flow->loop, &question, on_answer, s);
}

void sign_in_ask(struct sign_in *s, const struct smtp_server_act *act)
{
	s->ticket = act->ticket;
	if (act->auth.begins)
		begin(s, &act->auth);
	else
		authority_respond(s->talk, act->auth.response);
}

void sign_in_leave(struct sign_in *s)
{
	authority_leave(s->talk);
	s->talk = NULL;
}
