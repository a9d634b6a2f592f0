/* world/sock, TLS: its beginning and its handshake over a stream. */
#include <errno.h>

#include "world/sock_inside.h"

static void on_woken(void *owner)
{
	struct sock *s = owner;

	loop_soon(s->loop, &s->hook);
}

static void start(struct sock *s, struct tls_stream *tls)
{
	s->tls = tls;
	s->peeks = false;
	tls_stream_parks(tls, s->loop, on_woken, s);
	s->handshaking = true;
	s->clear_n = buf_str(&s->out).n;
	s->held = false;
	s->dropped = true;
	if (!s->offering)
		buf_free(&s->rest);
	loop_soon(s->loop, &s->hook);
}

void sock_tls_connect(struct sock *s, struct tls_context *context, const struct tls_expected *peer)
{
	if (!sock_silent(s))
		start(s, tls_stream_client(context, s->fd, peer));
}

void sock_tls_accept(struct sock *s, struct tls_server *server)
{
	if (!sock_silent(s))
		start(s, tls_stream_server(server, s->fd));
}

void sock_tls_shake(struct sock *s)
{
	struct tls_facts facts;

	if (s->clear_n > 0 || s->error)
		return;
	switch (tls_stream_handshake(s->tls)) {
	case TLS_WAITS:
		return;
	case TLS_ENDED:
	case TLS_BROKEN:
		s->error = EPROTO;
		sock_tell_closed(s);
		return;
	case TLS_DONE:
		break;
	}
	s->handshaking = false;
	s->readable = true; /* bytes may have come with the end of the handshake */
	tls_stream_facts(s->tls, &facts);
	if (s->handler && s->handler->secured)
		s->handler->secured(s->owner, &facts);
}

void sock_tls_binding(const struct sock *s, struct tls_binding *binding)
{
	*binding = (struct tls_binding){ 0 };
	if (s->tls && !s->handshaking)
		tls_stream_binding(s->tls, binding);
}
