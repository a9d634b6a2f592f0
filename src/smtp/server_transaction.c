/* smtp/server: a transaction, its message, and what becomes of its questions. */
#include "smtp/server_inside.h"

#include <stdio.h>

#include "base/mem.h"

void smtp_server_transaction_end(struct smtp_server *s, bool reset)
{
	if (s->at & AT_TRANSACTION) {
		s->reset_due = reset;
		s->at = AT_REST;
	}
	s->smtputf8 = s->in_message = s->some_refused = false;
	s->recipients = s->recipients_beyond = 0;
	s->reading = READING_COMMANDS;
	smtp_server_xclient_forget(s);
	mem_free(s->refusal);
	s->refusal = NULL;
}

void smtp_server_transaction_drop(struct smtp_server *s, const struct fail *why, bool own)
{
	if (s->refusal)
		return;
	s->refusal_own = own;
	s->refusal = MEM_NEW(struct fail);
	*s->refusal = *why;
}

/* The message is over, and not taken: its reply is never replaced by that of a limit. */
static void refuse_message(struct smtp_server *s, const struct fail *why)
{
	s->errors++;
	smtp_server_say(s, fail_code(why), smtp_server_status(why), why->text);
	s->closing = s->closing || fail_code(why) == 421;
	smtp_server_transaction_end(s, true);
}

static void note(struct smtp_server *s, const char *limit, const struct fail *why)
{
	smtp_server_note(s, limit, fail_code(why), smtp_server_status(why), why->text);
}

static const char *data_limit(enum smtp_data_fault fault)
{
	if (fault == SMTP_DATA_LONG)
		return "text-line";
	return fault == SMTP_DATA_TOO_MUCH ? "message" : NULL;
}

/* All of its bytes are here. */
void smtp_server_transaction_message_over(struct smtp_server *s)
{
	struct fail why;

	s->reading = READING_COMMANDS;
	if (s->refusal) {
		why = *s->refusal;
		if (s->refusal_own)
			note(s, NULL, &why);
		refuse_message(s, &why);
	} else if (!smtp_data_sound(&s->data, &why)) {
		note(s, data_limit(s->data.fault), &why);
		refuse_message(s, &why);
	} else {
		smtp_server_ask(s, SMTP_ASK_COMMIT);
	}
}

void smtp_server_transaction_chunk_over(struct smtp_server *s)
{
	char text[64];

	s->reading = READING_COMMANDS;
	if (!(s->at & (AT_RCPT | AT_CHUNKS))) { /* a chunk of nothing */
		struct fail why = *s->refusal;

		mem_free(s->refusal);
		s->refusal = NULL;
		if (s->refusal_own)
			smtp_server_refuse(s, &why);
		else
			smtp_server_pass_on(s, &why);
		return;
	}
	if (s->chunk_last)
		smtp_data_end(&s->data);
	if (s->chunk_last || s->refusal || s->data.fault) {
		smtp_server_transaction_message_over(s);
		return;
	}
	snprintf(text, sizeof text, "%llu octets", (unsigned long long)s->chunk_octets);
	smtp_server_say(s, 250, "2.0.0", text);
}

static void begin_message(struct smtp_server *s)
{
	bool chunks = s->reading == READING_CHUNK;

	s->data = (struct smtp_data){ .line_octets_max = s->setup->limits->text_line_octets_max,
		.message_octets_max = s->setup->limits->message_octets_max,
		.dots = !chunks,
		.repair = s->setup->repair_newlines };
	smtp_data_init(&s->data);
	s->in_message = true;
	s->message_since_ms = s->now_ms;
	if (chunks) {
		s->at = AT_CHUNKS;
		return;
	}
	/* Text that came before our 354 was written by somebody who did not want to hear whether it
	 * is wanted (RFC 2920 section 3.1): it is neither a message nor commands. */
	if (s->pending) {
		s->early = true;
		smtp_server_transaction_end(s, true);
		return;
	}
	s->reading = READING_DATA;
	buf_put(&s->out, S("354 Send it, and end with a dot alone on a line\r\n"));
}

/* --- answers ---------------------------------------------------------------------------------- */

static void mail_answered(struct smtp_server *s, const struct fail *refusal)
{
	if (refusal) {
		s->smtputf8 = false;
		smtp_server_pass_on(s, refusal);
		return;
	}
	s->at = AT_MAIL;
	s->transactions++;
	s->idle_commands = 0;
	smtp_server_say(s, 250, "2.1.0", "Sender taken");
}

static void rcpt_answered(struct smtp_server *s, const struct fail *refusal)
{
	if (refusal) {
		s->some_refused = true;
		smtp_server_pass_on(s, refusal);
		return;
	}
	s->at = AT_RCPT;
	s->recipients++;
	smtp_server_say(s, 250, "2.1.5", "Recipient taken");
}

static void data_answered(struct smtp_server *s, const struct fail *refusal)
{
	if (!refusal) {
		begin_message(s);
	} else if (s->reading == READING_CHUNK) {
		smtp_server_transaction_drop(s, refusal, false);
	} else {
		smtp_server_pass_on(s, refusal);
		smtp_server_transaction_end(s, true);
	}
}

static void commit_answered(struct smtp_server *s, const struct fail *refusal, str text)
{
	char line[FAIL_TEXT_MAX];

	if (refusal) {
		refuse_message(s, refusal);
		return;
	}
	smtp_server_say(s, 250, "2.0.0", str_to_c(text, line, sizeof line));
	smtp_server_transaction_end(s, false);
}

void smtp_server_transaction_answered(struct smtp_server *s, const struct fail *refusal, str text)
{
	s->question.open = false;
	s->since_ms = s->now_ms;
	switch (s->question.kind) {
	case SMTP_ASK_AUTH:
		smtp_server_auth_answered(s, refusal, text);
		break;
	case SMTP_ASK_CLIENT:
		smtp_server_xclient_answered(s, refusal, text);
		break;
	case SMTP_ASK_MAIL:
		mail_answered(s, refusal);
		break;
	case SMTP_ASK_RCPT:
		rcpt_answered(s, refusal);
		break;
	case SMTP_ASK_DATA:
		data_answered(s, refusal);
		break;
	case SMTP_ASK_COMMIT:
		commit_answered(s, refusal, text);
		break;
	}
	buf_free(&s->line);
}
