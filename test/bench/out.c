#include "test/bench/out.h"

#define WAIT_MS_MAX INT32_MAX
#define BACKLOG_OCTETS_MAX (64 << 10)

static const struct smtp_client_setup setup = {
	.hello = STR_INIT("generator.test"),
	.greeting_ms_max = WAIT_MS_MAX,
	.command_ms_max = WAIT_MS_MAX,
	.data_ms_max = WAIT_MS_MAX,
	.final_ms_max = WAIT_MS_MAX,
};

static void over(struct out *out)
{
	struct fail trouble = *smtp_client_trouble(out->machine);

	smtp_client_free(out->machine);
	buf_free(&out->rest);
	out->machine = NULL;
	out->sock = NULL;
	out->calls->over(out, &trouble);
}

/* False: the session is over. */
static bool act_all(struct out *out)
{
	for (;;) {
		struct smtp_client_act act = smtp_client_next(out->machine);

		switch (act.kind) {
		case SMTP_CLIENT_IDLE:
		case SMTP_CLIENT_STARTTLS: /* never wanted */
		case SMTP_CLIENT_AUTH:
			return true;
		case SMTP_CLIENT_SEND:
			sock_send(out->sock, act.bytes);
			break;
		case SMTP_CLIENT_BODY:
			if (sock_backlog(out->sock) > BACKLOG_OCTETS_MAX) {
				out->body_due = true;
				return true;
			}
			smtp_client_body(out->machine, out->calls->body(out));
			break;
		case SMTP_CLIENT_READY:
			out->calls->ready(out);
			break;
		case SMTP_CLIENT_RESULTS:
			out->calls->results(out);
			break;
		case SMTP_CLIENT_CLOSE:
			sock_finish(out->sock);
			over(out);
			return false;
		}
	}
}

/* Feed until the machine takes no more; false: the session is over. */
static bool feed(struct out *out, str *bytes)
{
	for (;;) {
		size_t n = smtp_client_feed(out->machine, *bytes, loop_now_ms(out->loop));

		*bytes = str_skip(*bytes, n);
		if (!out->body_due && !act_all(out))
			return false;
		if (n == 0 || bytes->n == 0)
			return true;
	}
}

/* Everything is taken: what the machine leaves is the beginning of a line, and waits in rest. */
static size_t received(void *owner, str bytes)
{
	struct out *out = owner;
	size_t all = bytes.n;

	if (buf_str(&out->rest).n) {
		str whole;

		buf_put(&out->rest, bytes);
		whole = buf_str(&out->rest);
		if (feed(out, &whole))
			buf_take(&out->rest, buf_str(&out->rest).n - whole.n);
	} else if (feed(out, &bytes) && bytes.n) {
		buf_put(&out->rest, bytes);
	}
	return all;
}

static void drained(void *owner)
{
	struct out *out = owner;

	if (!out->body_due)
		return;
	out->body_due = false;
	smtp_client_body(out->machine, out->calls->body(out));
	(void)act_all(out);
}

static void closed(void *owner, const struct fail *why)
{
	struct out *out = owner;

	smtp_client_gone(out->machine, why);
	out->body_due = false;
	(void)act_all(out); /* the machine says CLOSE */
}

static void connected(void *owner)
{
	(void)owner; /* the peer speaks first */
}

static const struct sock_handler handler = {
	.received = received,
	.drained = drained,
	.closed = closed,
	.connected = connected,
};

void out_open(struct out *out, struct loop *loop, const struct endpoint *to, const struct ip *from,
	const struct out_calls *calls)
{
	*out = (struct out){ .loop = loop, .calls = calls };
	out->machine = smtp_client_new(&setup, loop_now_ms(loop));
	out->sock = sock_connect(loop, to, from, &handler, out);
}

void out_mail(struct out *out, const struct smtp_client_mail *mail, bool act)
{
	smtp_client_mail(out->machine, mail, loop_now_ms(out->loop));
	if (act)
		(void)act_all(out);
}

void out_quit(struct out *out, bool act)
{
	smtp_client_quit(out->machine, loop_now_ms(out->loop));
	if (act)
		(void)act_all(out);
}
