#include "smtp/server.h"

#include <assert.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "smtp/line.h"
#include "smtp/server_inside.h"

#define REPLIES_OCTETS_MAX 4096 /* so many wait for a SEND before more commands are read */

struct smtp_server *smtp_server_new(const struct smtp_server_setup *setup, int64_t now_ms)
{
	struct smtp_server *s = MEM_NEW(struct smtp_server);

	s->setup = setup;
	s->now_ms = s->since_ms = now_ms;
	s->at = AT_START;
	smtp_server_tls_begin(s);
	return s;
}

void smtp_server_free(struct smtp_server *s)
{
	if (!s)
		return;
	buf_free(&s->line);
	buf_free(&s->out);
	smtp_server_auth_free(s);
	mem_free((void *)s->helo.p);
	mem_free(s->refusal);
	mem_free(s->own);
	mem_free(s->said);
	mem_free(s->forward);
	mem_free(s);
}

/* --- what leaves ------------------------------------------------------------------------------ */

void smtp_server_say(struct smtp_server *s, int code, const char *status, const char *text)
{
	bool soft = s->setup->softens && code >= 500 && code / 10 != 53;
	char digits[] = { (char)('0' + code / 100), (char)('0' + code / 10 % 10),
		(char)('0' + code % 10), ' ' };
	char line[FAIL_TEXT_MAX];

	if (soft)
		digits[0] = '4';
	fail_clean(str_of(text), line, sizeof line);
	for (char *c = line; *c && !s->smtputf8; c++)
		if (ascii_high(*c))
			*c = '?';
	buf_put(&s->out, str_from(digits, sizeof digits));
	buf_put(&s->out, soft && *status == '5' ? S("4") : str_first(str_of(status), 1));
	buf_put(&s->out, str_skip(str_of(status), 1));
	buf_put(&s->out, *status ? S(" ") : S(""));
	buf_put(&s->out, str_of(line));
	buf_put(&s->out, S("\r\n"));
	/* Without PIPELINING each reply has to be waited for (RFC 2920 section 3.1). */
	if (!s->extended && s->pending)
		s->early = true;
}

void smtp_server_note(
	struct smtp_server *s, const char *limit, int code, const char *status, const char *text)
{
	if (s->own && !s->own->told)
		return;
	if (!s->own)
		s->own = MEM_NEW(struct smtp_server_own);
	s->own->told = false;
	s->own->limit = limit;
	fail_reply(&s->own->why, code, status, "%s", text);
}

/* What has been told is remembered no longer. */
static void forget_own(struct smtp_server *s)
{
	if (!s->own || !s->own->told)
		return;
	mem_free(s->own);
	s->own = NULL;
}

static bool own_due(const struct smtp_server *s)
{
	return s->own && !s->own->told;
}

void smtp_server_hang_up(
	struct smtp_server *s, const char *limit, const char *status, const char *text)
{
	smtp_server_say(s, 421, status, text);
	smtp_server_note(s, limit, 421, status, text);
	smtp_server_transaction_end(s, true);
	s->closing = true;
}

const char *smtp_server_status(const struct fail *why)
{
	if (why->status[0])
		return why->status;
	return why->kind == FAIL_PERMANENT ? "5.0.0" : "4.0.0";
}

/* False: it was one too many, and we hang up for that. */
static bool refuse(struct smtp_server *s, int code, const char *status, const char *text)
{
	if (++s->errors > s->setup->limits->errors_max) {
		smtp_server_hang_up(s, "errors", "4.7.0", "Too many errors");
		return false;
	}
	smtp_server_say(s, code, status, text);
	if (code == 421) {
		smtp_server_transaction_end(s, true);
		s->closing = true;
	}
	return true;
}

void smtp_server_refuse_as(
	struct smtp_server *s, const char *limit, int code, const char *status, const char *text)
{
	if (refuse(s, code, status, text))
		smtp_server_note(s, limit, code, status, text);
}

void smtp_server_refuse(struct smtp_server *s, const struct fail *why)
{
	smtp_server_refuse_as(s, NULL, fail_code(why), smtp_server_status(why), why->text);
}

void smtp_server_pass_on(struct smtp_server *s, const struct fail *why)
{
	(void)refuse(s, fail_code(why), smtp_server_status(why), why->text);
}

void smtp_server_ask(struct smtp_server *s, enum smtp_server_question kind)
{
	s->question.open = true;
	s->question.told = false;
	s->question.kind = kind;
	s->question.ticket++; /* a late answer to an old question finds no taker */
	s->question.since_ms = s->now_ms;
}

/* --- answers ---------------------------------------------------------------------------------- */

void smtp_server_forget_told(struct smtp_server *s)
{
	buf_take(&s->out, s->told_octets);
	s->told_octets = 0;
}

bool smtp_server_answers(struct smtp_server *s, uint32_t ticket)
{
	if (!s->question.open || s->question.ticket != ticket)
		return false;
	smtp_server_forget_told(s);
	return true;
}

bool smtp_server_answer(
	struct smtp_server *s, uint32_t ticket, const struct fail *refusal, str text)
{
	if (!smtp_server_answers(s, ticket))
		return false;
	smtp_server_transaction_answered(s, refusal, text);
	return true;
}

void smtp_server_fail_body(struct smtp_server *s, const struct fail *refusal)
{
	bool asked = s->question.open;

	if (!s->in_message || s->data.fault || (asked && s->question.told))
		return;
	smtp_server_forget_told(s);
	smtp_server_transaction_drop(s, refusal, false);
	if (asked) { /* but nobody has heard the question yet */
		s->question.open = false;
		smtp_server_transaction_message_over(s);
	}
}

/* --- what comes ------------------------------------------------------------------------------- */

void smtp_server_greet(struct smtp_server *s, const struct fail *refusal)
{
	s->greeted = true;
	s->closing = refusal != NULL;
	if (smtp_server_tls_holds(s))
		return;
	s->early = s->pending;
	smtp_server_banner(s, refusal);
}

void smtp_server_banner(struct smtp_server *s, const struct fail *refusal)
{
	buf_putf(&s->out, "%d %.*s %s\r\n", refusal ? fail_code(refusal) : 220,
		STR(s->setup->hostname), refusal ? refusal->text : "ESMTP Facteur");
}

/* The answer to a challenge may be longer than a command. */
static size_t line_octets_max(const struct smtp_server *s)
{
	size_t max = s->setup->limits->line_octets_max;

	return s->reading == READING_AUTH && max < SMTP_AUTH_LINE_MAX ? SMTP_AUTH_LINE_MAX : max;
}

static enum scan take_one(struct smtp_server *s, str *from, str *line)
{
	size_t line_max = line_octets_max(s);

	return s->setup->repair_newlines ? smtp_line_take_lax(from, line_max, line, NULL)
					 : smtp_line_take(from, line_max, line, NULL);
}

/* A line may be in *rest whole, or have its beginning in s->line. */
static enum scan take_line(struct smtp_server *s, str *rest, str *line)
{
	size_t line_max = line_octets_max(s);
	str kept = buf_str(&s->line), part;
	enum scan got;

	if (kept.n == 0) {
		got = take_one(s, rest, line);
		if (got != SCAN_MORE)
			return got;
		part = *rest;
	} else {
		part = str_first(*rest, line_max - kept.n);
		part = str_first(part, str_find(part, '\n') + 1);
	}
	buf_put(&s->line, part);
	*rest = str_skip(*rest, part.n);
	if (kept.n == 0)
		return SCAN_MORE;
	kept = buf_str(&s->line);
	return take_one(s, &kept, line);
}

static bool skip_lax(str *from)
{
	size_t end = str_find(*from, '\n');
	bool over = end < from->n;

	*from = str_skip(*from, end + 1);
	return over;
}

/* Drop what *from has of a bad line, whose reply is due when it has ended; *rest follows it. */
static void read_bad_line(struct smtp_server *s, str *from, const str *rest)
{
	if (!(s->setup->repair_newlines ? skip_lax(from) : smtp_line_skip(from, &s->after_cr)))
		return;
	s->pending = rest->n > 0;
	s->reading = READING_COMMANDS;
	s->since_ms = s->now_ms;
	if (s->auth.open)
		smtp_server_auth_line_bad(s);
	else
		smtp_server_refuse_as(
			s, NULL, 500, "5.5.2", "Line too long, or with a bare CR or LF");
}

static void read_command(struct smtp_server *s, str *rest)
{
	str line, kept;
	enum scan got = take_line(s, rest, &line);

	s->pending = rest->n > 0;
	switch (got) {
	case SCAN_MORE:
		return;
	case SCAN_DONE:
		s->since_ms = s->now_ms;
		if (s->auth.open)
			smtp_server_auth_line(s, line);
		else
			smtp_server_command(s, line);
		break;
	case SCAN_BAD:
		s->reading = READING_BAD_LINE;
		s->after_cr = false;
		kept = buf_str(&s->line); /* its beginning */
		read_bad_line(s, &kept, rest);
		break;
	}
	if (!s->question.open)
		buf_free(&s->line);
}

static void read_data(struct smtp_server *s, str *rest)
{
	str piece;
	enum scan got = smtp_data_take(&s->data, rest, &piece);

	s->since_ms = s->now_ms;
	s->pending = rest->n > 0;
	if (!s->refusal)
		s->body = piece;
	if (got == SCAN_DONE)
		smtp_server_transaction_message_over(s);
}

static void read_chunk(struct smtp_server *s, str *rest)
{
	str part = s->chunk_left < rest->n ? str_first(*rest, (size_t)s->chunk_left) : *rest;
	size_t before = part.n;
	enum scan got = SCAN_MORE;

	s->since_ms = s->now_ms;
	if (s->refusal)
		part = S("");
	else
		got = smtp_data_take(&s->data, &part, &s->body);
	assert(got == SCAN_MORE);
	s->chunk_left -= before - part.n;
	*rest = str_skip(*rest, before - part.n);
}

static void read_on(struct smtp_server *s, str *rest)
{
	if (s->early) {
		smtp_server_say(s, 554, "5.5.0", "You have to wait for my replies");
		smtp_server_note(s, NULL, 554, "5.5.0",
			"Bytes came before the reply that they had to wait for");
		smtp_server_transaction_end(s, true);
		s->closing = true;
		return;
	}
	switch (s->reading) {
	case READING_COMMANDS:
	case READING_AUTH:
		read_command(s, rest);
		break;
	case READING_BAD_LINE:
		read_bad_line(s, rest, rest);
		break;
	case READING_DATA:
		read_data(s, rest);
		break;
	case READING_CHUNK:
		read_chunk(s, rest);
		break;
	}
}

/* What has become due without a byte: the end of a chunk, the end of our service. */
static void settle(struct smtp_server *s)
{
	if (!s->greeted || s->closing || s->question.open || s->body.n > 0 || own_due(s))
		return;
	if (smtp_server_tls_holds(s)) {
		s->closing = s->stopping; /* without a word: nobody could read it */
		return;
	}
	if (s->reading == READING_CHUNK && s->chunk_left == 0)
		smtp_server_transaction_chunk_over(s);
	if (s->stopping && !s->closing && !s->question.open && !s->in_message && !own_due(s) &&
		s->reading != READING_CHUNK)
		smtp_server_hang_up(
			s, NULL, "4.3.2", "This server is about to stop, try again later");
}

static bool may_read(const struct smtp_server *s)
{
	return s->greeted && !s->closing && !s->question.open && s->body.n == 0 && !own_due(s) &&
	       !smtp_server_tls_holds(s) && buf_str(&s->out).n < REPLIES_OCTETS_MAX;
}

size_t smtp_server_feed(struct smtp_server *s, str bytes, int64_t now_ms)
{
	str rest = bytes;

	smtp_server_forget_told(s);
	s->now_ms = now_ms;
	s->waited = false;
	s->pending = rest.n > 0;
	settle(s);
	while (rest.n > 0 && may_read(s)) {
		read_on(s, &rest);
		s->pending = rest.n > 0;
		settle(s);
	}
	if (s->closing)
		rest.n = 0; /* nobody reads it any more */
	return bytes.n - rest.n;
}

/* --- what is to be done ----------------------------------------------------------------------- */

/* Replies wait for each other while commands are there to be read (RFC 2920 section 3.2), but not
 * while somebody waits for them. */
static bool send_due(const struct smtp_server *s)
{
	size_t n = buf_str(&s->out).n;

	return n > 0 && (s->closing || s->question.open || !s->pending || s->waited ||
				n >= REPLIES_OCTETS_MAX);
}

struct smtp_server_act smtp_server_next(struct smtp_server *s)
{
	struct smtp_server_act act = { .kind = SMTP_SERVER_IDLE };

	smtp_server_forget_told(s);
	forget_own(s);
	settle(s);
	if (s->body.n > 0) {
		act.kind = SMTP_SERVER_BODY;
		act.bytes = s->body;
		s->body = S("");
	} else if (own_due(s)) {
		act.kind = SMTP_SERVER_REFUSED;
		act.refusal = &s->own->why;
		act.limit = s->own->limit;
		act.hangs_up = s->closing;
		s->own->told = true;
	} else if (s->reset_due) {
		act.kind = SMTP_SERVER_RESET;
		s->reset_due = false;
	} else if (s->question.open && !s->question.told) {
		act.kind = SMTP_SERVER_ASK;
		act.question = s->question.kind;
		act.ticket = s->question.ticket;
		act.auth = s->question.auth;
		act.mail = s->question.mail;
		act.rcpt = s->question.rcpt;
		act.client = act.question == SMTP_ASK_CLIENT ? s->said : s->forward;
		s->question.told = true;
	} else if (send_due(s)) {
		act.kind = SMTP_SERVER_SEND;
		act.bytes = buf_str(&s->out);
		s->told_octets = act.bytes.n;
	} else if (s->closing) {
		act.kind = SMTP_SERVER_CLOSE;
	} else if (s->tls == TLS_DUE) {
		act.kind = SMTP_SERVER_STARTTLS;
		s->tls = TLS_SHAKING;
	} else {
		s->waited = s->waited || s->question.open;
	}
	return act;
}

/* --- facts, and one order -----------------------------------------------------------------------
 */

void smtp_server_shutdown(struct smtp_server *s)
{
	s->stopping = true;
}

str smtp_server_helo(const struct smtp_server *s)
{
	return s->helo;
}

bool smtp_server_extended(const struct smtp_server *s)
{
	return s->extended;
}

bool smtp_server_smtputf8(const struct smtp_server *s)
{
	return s->smtputf8;
}

bool smtp_server_in_message(const struct smtp_server *s)
{
	return s->in_message;
}
