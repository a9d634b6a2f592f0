/* smtp/server, time: who owes the next move, until when, and what follows if it does not come. */
#include "smtp/server_inside.h"

/* Whoever owes the next move has the deadline: we, while a question is open; else the client. */
int64_t smtp_server_deadline_ms(const struct smtp_server *s)
{
	const struct smtp_server_limits *limits = s->setup->limits;
	bool body = s->reading == READING_DATA || s->reading == READING_CHUNK;
	int64_t silence_ms, message_ms;

	if (s->closing)
		return INT64_MAX;
	if (smtp_server_tls_holds(s))
		return s->since_ms + limits->handshake_ms_max;
	if (s->question.open)
		return s->question.since_ms + limits->answer_ms_max;
	silence_ms = s->since_ms + (body ? limits->data_ms_max : limits->command_ms_max);
	message_ms = s->message_since_ms + limits->message_ms_max;
	return (body || s->in_message) && message_ms < silence_ms ? message_ms : silence_ms;
}

/* Which limit the client's silence has met. */
static const char *silence_limit(const struct smtp_server *s)
{
	bool body = s->reading == READING_DATA || s->reading == READING_CHUNK;

	if ((body || s->in_message) &&
		s->now_ms >= s->message_since_ms + s->setup->limits->message_ms_max)
		return "message-timeout";
	return body ? "data-timeout" : "command-timeout";
}

/* Our own answer is late.  Whoever works on it may not know yet that nobody waits any more. */
static void answer_late(struct smtp_server *s)
{
	static const struct fail late = { .kind = FAIL_TEMPORARY,
		.code = 451,
		.status = "4.3.0",
		.text = "This took us too long, try again later" };
	enum smtp_server_question kind = s->question.kind;

	smtp_server_transaction_answered(s, &late, S(""));
	smtp_server_note(s, "answer-timeout", late.code, late.status, late.text);
	if (kind == SMTP_ASK_MAIL)
		s->reset_due = true;
	if (kind == SMTP_ASK_COMMIT) {
		/* It may become durable yet.  The client will come again: twice is better than
		 * never, and hanging up keeps him from believing anything else. */
		s->reset_due = false;
		s->closing = true;
	}
}

void smtp_server_tick(struct smtp_server *s, int64_t now_ms)
{
	s->now_ms = now_ms;
	if (now_ms < smtp_server_deadline_ms(s))
		return;
	smtp_server_forget_told(s);
	if (s->question.open)
		answer_late(s);
	else if (smtp_server_tls_holds(s))
		smtp_server_tls_late(s);
	else
		smtp_server_hang_up(s, silence_limit(s), "4.4.2", "I have waited too long for you");
}
