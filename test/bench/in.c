#include "test/bench/in.h"

#include <stdio.h>

#include "test/bench/measure.h"

#define FOREVER_MS INT32_MAX

static const struct smtp_server_limits limits = {
	.line_octets_max = 4096,
	.text_line_octets_max = 1 << 20,
	.message_octets_max = 1 << 30,
	.recipients_max = 1000,
	.transactions_max = UINT32_MAX,
	.idle_commands_max = 1000,
	.errors_max = 1000,
	.command_ms_max = FOREVER_MS,
	.data_ms_max = FOREVER_MS,
	.answer_ms_max = FOREVER_MS,
	.message_ms_max = FOREVER_MS,
};

static const struct smtp_server_setup setup = {
	.hostname = STR_INIT("sink.test"),
	.limits = &limits,
};

static void over(struct in *in)
{
	smtp_server_free(in->machine);
	buf_free(&in->rest);
	in->machine = NULL;
	in->sock = NULL;
	in->calls->over(in);
}

static void answer(struct in *in, const struct smtp_server_act *act)
{
	switch (act->question) {
	case SMTP_ASK_CLIENT:
	case SMTP_ASK_AUTH: /* neither is offered */
		break;
	case SMTP_ASK_MAIL:
		if (in->calls->mail)
			in->calls->mail(in, &act->mail);
		break;
	case SMTP_ASK_RCPT:
		if (in->calls->rcpt)
			in->calls->rcpt(in, &act->rcpt);
		break;
	case SMTP_ASK_DATA:
		break;
	case SMTP_ASK_COMMIT:
		if (in->calls->commit)
			in->calls->commit(in);
		break;
	}
	(void)smtp_server_answer(in->machine, act->ticket, NULL, S("taken"));
}

/* False: the session is over. */
static bool act_all(struct in *in)
{
	for (;;) {
		struct smtp_server_act act = smtp_server_next(in->machine);

		switch (act.kind) {
		case SMTP_SERVER_IDLE:
			return true;
		case SMTP_SERVER_SEND:
			sock_send(in->sock, act.bytes);
			break;
		case SMTP_SERVER_ASK:
			answer(in, &act);
			break;
		case SMTP_SERVER_STARTTLS: /* is not offered */
			break;
		case SMTP_SERVER_BODY:
			if (in->calls->body)
				in->calls->body(in, act.bytes);
			break;
		case SMTP_SERVER_RESET:
			if (in->calls->reset)
				in->calls->reset(in);
			break;
		case SMTP_SERVER_REFUSED:
			break;
		case SMTP_SERVER_CLOSE:
			sock_finish(in->sock);
			over(in);
			return false;
		}
	}
}

/* Feed until the machine takes no more; false: the session is over. */
static bool feed(struct in *in, str *bytes)
{
	for (;;) {
		size_t n = smtp_server_feed(in->machine, *bytes, loop_now_ms(in->loop));

		*bytes = str_skip(*bytes, n);
		if (!act_all(in))
			return false;
		if (n == 0 || bytes->n == 0)
			return true;
	}
}

/* Everything is taken: what the machine leaves is the beginning of a line, and waits in rest. */
static size_t received(void *owner, str bytes)
{
	struct in *in = owner;
	size_t all = bytes.n;

	if (buf_str(&in->rest).n) {
		str whole;

		buf_put(&in->rest, bytes);
		whole = buf_str(&in->rest);
		if (feed(in, &whole))
			buf_take(&in->rest, buf_str(&in->rest).n - whole.n);
	} else if (feed(in, &bytes) && bytes.n) {
		buf_put(&in->rest, bytes);
	}
	return all;
}

static void closed(void *owner, const struct fail *why)
{
	struct in *in = owner;

	(void)why;
	sock_close(in->sock);
	over(in);
}

static const struct sock_handler handler = { .received = received, .closed = closed };

void in_open(struct in *in, struct loop *loop, struct sock *sock, const struct in_calls *calls)
{
	*in = (struct in){ .loop = loop, .sock = sock, .calls = calls };
	in->machine = smtp_server_new(&setup, loop_now_ms(loop));
	sock_own(sock, &handler, in);
	smtp_server_greet(in->machine, NULL);
	(void)act_all(in);
}

void in_listen(struct loop *loop, const struct endpoint *at, sock_accepted *accepted, void *owner)
{
	struct fail why = { 0 };
	int descriptor = sock_bind(at, 0, &why);
	char text[ENDPOINT_TEXT_MAX];

	if (descriptor < 0 || !sock_listen(loop, descriptor, accepted, owner))
		measure_give_up("%s", why.text);
	printf("listening %s\n", endpoint_print(at, text));
	fflush(stdout);
}
