/* smtp/server, TLS: RFC 3207, and 8314 section 3.3 where the handshake comes first. */
#include "smtp/server_inside.h"

#include "base/mem.h"

void smtp_server_tls_begin(struct smtp_server *s)
{
	if (s->setup->tls == SMTP_SERVER_TLS_IMPLICIT)
		s->tls = TLS_DUE;
}

bool smtp_server_tls_offered(const struct smtp_server *s)
{
	bool wanted = s->setup->tls == SMTP_SERVER_TLS_REQUIRED ||
		      (s->setup->tls == SMTP_SERVER_TLS_OFFERED && !s->setup->tls_broken);

	return wanted && s->tls == TLS_NOT_YET;
}

bool smtp_server_tls_lacking(const struct smtp_server *s)
{
	return s->setup->tls == SMTP_SERVER_TLS_REQUIRED && s->tls != TLS_SECURED;
}

bool smtp_server_tls_holds(const struct smtp_server *s)
{
	return s->tls == TLS_DUE || s->tls == TLS_SHAKING;
}

bool smtp_server_tls_on(const struct smtp_server *s)
{
	return s->tls == TLS_SECURED;
}

void smtp_server_tls_command(struct smtp_server *s, str arg __attribute__((unused)))
{
	if (s->tls == TLS_SECURED) {
		smtp_server_refuse_as(s, NULL, 503, "5.5.1", "TLS is on already");
	} else if (!smtp_server_tls_offered(s)) {
		smtp_server_refuse_as(s, NULL, 502, "5.5.1", "STARTTLS is not offered");
	} else if (s->at != AT_REST) {
		smtp_server_refuse_as(s, NULL, 503, "5.5.1",
			s->at == AT_START ? "Say EHLO first" : "A message has begun: RSET first");
	} else if (s->setup->tls_broken) {
		smtp_server_refuse_as(s, NULL, 454, "4.7.0", "TLS is not available now");
	} else if (s->pending) {
		s->early = true; /* instead of 220 */
	} else {
		smtp_server_say(s, 220, "2.0.0", "Begin the handshake");
		s->tls = TLS_DUE;
	}
}

void smtp_server_tls_done(struct smtp_server *s, int64_t now_ms)
{
	s->now_ms = s->since_ms = now_ms;
	s->tls = TLS_SECURED;
	s->at = AT_START;
	s->extended = s->pending = s->early = false;
	mem_free((void *)s->helo.p);
	s->helo = (str){ 0 };
	if (s->setup->tls == SMTP_SERVER_TLS_IMPLICIT)
		smtp_server_banner(s, NULL);
}

void smtp_server_tls_late(struct smtp_server *s)
{
	smtp_server_note(s, "handshake-timeout", 421, "4.4.2", "The TLS handshake took too long");
	s->closing = true;
}
