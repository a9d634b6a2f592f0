/* smtp/server, command by command: order is data, a handler runs only where its row allows it. */
#include "smtp/server_inside.h"

#include "base/mem.h"

/* Recipients beyond recipients_max get 452 and are not counted as errors, so that a long list, sent
 * whole by PIPELINING, is not hung up on before what was taken of it is delivered (RFC 5321 section
 * 4.5.3.1.10).  So many more are that patient; then they are errors like any other. */
#define RECIPIENTS_BEYOND_MAX 10000

static void on_hello(struct smtp_server *s, str arg, bool extended)
{
	const struct smtp_server_limits *limits = s->setup->limits;
	struct fail why = { 0 };
	str name;

	if (!smtp_command_helo(arg, &name, &why)) {
		/* no status in replies to HELO and EHLO: RFC 2034 section 4 */
		smtp_server_refuse_as(s, NULL, fail_code(&why), "", why.text);
		return;
	}
	smtp_server_transaction_end(s, true);
	mem_free((void *)s->helo.p);
	s->helo = mem_copy(name);
	s->at = AT_REST;
	s->extended = extended;
	s->early = s->pending; /* the client cannot know yet what we offer */
	if (!extended) {
		buf_putf(&s->out, "250 %.*s\r\n", STR(s->setup->hostname));
		return;
	}
	buf_putf(&s->out,
		"250-%.*s\r\n250-PIPELINING\r\n250-SIZE %llu\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n"
		"250-DSN\r\n250-ENHANCEDSTATUSCODES\r\n250-CHUNKING\r\n"
		"250-LIMITS MAILMAX=%u RCPTMAX=%u\r\n%s",
		STR(s->setup->hostname), (unsigned long long)limits->message_octets_max,
		limits->transactions_max, limits->recipients_max,
		smtp_server_tls_offered(s) ? "250-STARTTLS\r\n" : "");
	smtp_server_xclient_offer(s);
	if (smtp_server_auth_offered(s))
		buf_putf(&s->out, "250-AUTH %.*s\r\n", STR(s->setup->mechanisms));
	buf_put(&s->out, S("250 HELP\r\n"));
}

static void on_helo(struct smtp_server *s, str arg)
{
	on_hello(s, arg, false);
}

static void on_ehlo(struct smtp_server *s, str arg)
{
	on_hello(s, arg, true);
}

/* The answers to questions borrow the line: keep it. */
static str keep(struct smtp_server *s, str arg)
{
	struct buf kept = { 0 };

	buf_put(&kept, arg);
	buf_free(&s->line);
	s->line = kept;
	return buf_str(&s->line);
}

static void on_mail(struct smtp_server *s, str arg)
{
	struct fail why = { 0 };

	if (smtp_server_auth_lacking(s)) {
		smtp_server_refuse_as(s, NULL, 530, "5.7.0", "Log in first");
		return;
	}
	if (s->transactions >= s->setup->limits->transactions_max) {
		smtp_server_hang_up(s, "transactions", "4.7.0", "Too many messages in one session");
		return;
	}
	if (!smtp_command_mail(keep(s, arg), &s->question.mail, &why)) {
		smtp_server_refuse(s, &why);
		return;
	}
	if (s->question.mail.size_octets > s->setup->limits->message_octets_max) {
		smtp_server_refuse_as(s, "message", 552, "5.3.4", "Message too large");
		return;
	}
	s->smtputf8 = s->question.mail.smtputf8;
	smtp_server_ask(s, SMTP_ASK_MAIL);
}

/* Noted once for a message: their number is the client's choice. */
static void beyond(struct smtp_server *s)
{
	smtp_server_say(s, 452, "4.5.3", "Too many recipients");
	if (s->recipients_beyond == 1)
		smtp_server_note(s, "recipients", 452, "4.5.3", "Too many recipients");
}

static void on_rcpt(struct smtp_server *s, str arg)
{
	struct fail why = { 0 };

	if (!smtp_command_rcpt(keep(s, arg), s->smtputf8, &s->question.rcpt, &why)) {
		s->some_refused = true;
		smtp_server_refuse(s, &why);
		return;
	}
	if (s->recipients < s->setup->limits->recipients_max)
		smtp_server_ask(s, SMTP_ASK_RCPT);
	else if (s->recipients_beyond++ < RECIPIENTS_BEYOND_MAX)
		beyond(s);
	else
		smtp_server_refuse_as(s, "recipients", 452, "4.5.3", "Too many recipients");
}

/* Why a message may not begin here. */
static void no_message(const struct smtp_server *s, struct fail *why)
{
	if (s->at == AT_START)
		fail_reply(why, 503, "5.5.1", "Say EHLO first");
	else if (s->at == AT_MAIL && s->some_refused)
		fail_reply(why, 554, "5.5.1", "No valid recipients");
	else if (s->at == AT_MAIL)
		fail_reply(why, 503, "5.5.1", "Say RCPT first");
	else
		fail_reply(why, 503, "5.5.1", "Say MAIL first");
}

static void on_data(struct smtp_server *s, str arg __attribute__((unused)))
{
	struct fail why = { 0 };

	if (s->at == AT_RCPT) {
		smtp_server_ask(s, SMTP_ASK_DATA);
		return;
	}
	no_message(s, &why);
	smtp_server_refuse(s, &why);
}

/* The bytes of a chunk follow whether we like it or not (RFC 3030 section 2), so a refusal waits
 * for their end; where their number cannot be read, the conversation is lost. */
static void on_bdat(struct smtp_server *s, str arg)
{
	struct smtp_bdat bdat;
	struct fail why = { 0 };

	if (!smtp_command_bdat(arg, &bdat, &why)) {
		smtp_server_refuse(s, &why);
		smtp_server_transaction_end(s, true);
		s->closing = true;
		return;
	}
	s->chunk_octets = s->chunk_left = bdat.octets;
	s->chunk_last = bdat.last;
	s->reading = READING_CHUNK;
	if (!s->in_message)
		s->message_since_ms = s->now_ms;
	if (s->at == AT_RCPT) {
		smtp_server_ask(s, SMTP_ASK_DATA);
	} else if (s->at != AT_CHUNKS) {
		no_message(s, &why);
		smtp_server_transaction_drop(s, &why, true);
	}
}

static void on_rset(struct smtp_server *s, str arg __attribute__((unused)))
{
	smtp_server_transaction_end(s, true);
	smtp_server_say(s, 250, "2.0.0", "Forgotten");
}

static void on_quit(struct smtp_server *s, str arg __attribute__((unused)))
{
	smtp_server_transaction_end(s, true);
	smtp_server_say(s, 221, "2.0.0", "Good bye");
	s->closing = true;
}

/* A browser, or somebody who makes one talk to us: no line of it may become a command. */
static void on_foreign(struct smtp_server *s, str arg __attribute__((unused)))
{
	smtp_server_transaction_end(s, true);
	smtp_server_say(s, 502, "5.7.0", "This is a mail server");
	smtp_server_note(s, NULL, 502, "5.7.0", "This is a mail server");
	s->closing = true;
}

static const struct rule {
	str verb;
	unsigned legal_in;
	bool idle;   /* moves no mail */
	bool no_arg; /* an argument is a syntax error */
	bool clear;  /* may be said where TLS is required, and there is none yet */
	void (*run)(struct smtp_server *s, str arg);
	int code; /* where run is null: the reply */
	const char *status, *text;
} rules[] = {
  /* clang-format off */
	{ STR_INIT("MAIL"), AT_REST, .run = on_mail },
	{ STR_INIT("RCPT"), AT_MAIL | AT_RCPT, .run = on_rcpt },
	{ STR_INIT("DATA"), AT_ANY & ~AT_CHUNKS, .no_arg = true, .run = on_data },
	{ STR_INIT("BDAT"), AT_ANY, .run = on_bdat },
	{ STR_INIT("QUIT"), AT_ANY, .clear = true, .run = on_quit },
	{ STR_INIT("EHLO"), AT_ANY, .idle = true, .clear = true, .run = on_ehlo },
	{ STR_INIT("HELO"), AT_ANY, .idle = true, .clear = true, .run = on_helo },
	{ STR_INIT("STARTTLS"), AT_ANY, .idle = true, .no_arg = true, .clear = true,
	  .run = smtp_server_tls_command },
	{ STR_INIT("RSET"), AT_ANY, .idle = true, .no_arg = true, .clear = true, .run = on_rset },
	{ STR_INIT("NOOP"), AT_ANY, .idle = true, .clear = true, .code = 250, "2.0.0", "Here" },
	{ STR_INIT("VRFY"), AT_ANY, .idle = true, .code = 252, "2.0.0", "RCPT will tell" },
	{ STR_INIT("HELP"), AT_ANY, .idle = true, .clear = true, .code = 214, "2.0.0",
	  "EHLO HELO STARTTLS AUTH MAIL RCPT DATA BDAT RSET NOOP VRFY HELP QUIT" },
	{ STR_INIT("EXPN"), AT_ANY, .code = 502, "5.5.1", "EXPN is not offered" },
	{ STR_INIT("AUTH"), AT_START | AT_REST, .run = smtp_server_auth_command },
	{ STR_INIT("XCLIENT"), AT_START | AT_REST, .run = smtp_server_xclient_command },
	{ STR_INIT("XFORWARD"), AT_REST, .run = smtp_server_xclient_forward },
	{ STR_INIT("GET"), AT_ANY, .clear = true, .run = on_foreign },
	{ STR_INIT("HEAD"), AT_ANY, .clear = true, .run = on_foreign },
	{ STR_INIT("POST"), AT_ANY, .clear = true, .run = on_foreign },
	{ STR_INIT("PUT"), AT_ANY, .clear = true, .run = on_foreign },
	{ STR_INIT("DELETE"), AT_ANY, .clear = true, .run = on_foreign },
	{ STR_INIT("OPTIONS"), AT_ANY, .clear = true, .run = on_foreign },
	{ STR_INIT("CONNECT"), AT_ANY, .clear = true, .run = on_foreign },
	{ STR_INIT("TRACE"), AT_ANY, .clear = true, .run = on_foreign },
	{ STR_INIT("PATCH"), AT_ANY, .clear = true, .run = on_foreign },
  /* clang-format on */
};

static const struct rule *find_rule(str verb)
{
	for (size_t i = 0; i < LENGTH(rules); i++)
		if (str_eq_nocase(verb, rules[i].verb))
			return &rules[i];
	return NULL;
}

static const char *out_of_order(const struct smtp_server *s)
{
	switch (s->at) {
	case AT_START:
		return "Say EHLO first";
	case AT_REST:
		return "Say MAIL first";
	case AT_CHUNKS:
		return "The message has begun: BDAT or RSET";
	default:
		return "The sender was given already";
	}
}

void smtp_server_command(struct smtp_server *s, str line)
{
	const struct rule *rule;
	str verb;

	line = str_trim_right(line); /* RFC 5321 section 4.1.1 */
	str_cut(&line, ' ', &verb);
	rule = find_rule(verb);
	/* A message that was refused, the last of too many errors, had its own reply. */
	if (s->errors > s->setup->limits->errors_max && !str_eq_nocase(verb, S("QUIT")))
		smtp_server_hang_up(s, "errors", "4.7.0", "Too many errors");
	else if (!rule)
		smtp_server_refuse_as(s, NULL, 500, "5.5.1", "Unknown command");
	else if (rule->idle && ++s->idle_commands > s->setup->limits->idle_commands_max)
		smtp_server_hang_up(
			s, "idle-commands", "4.7.0", "Too many commands that move no mail");
	else if (!rule->clear && smtp_server_tls_lacking(s))
		smtp_server_refuse_as(s, NULL, 530, "5.7.0", "Must issue a STARTTLS command first");
	else if (!(rule->legal_in & s->at))
		smtp_server_refuse_as(s, NULL, 503, "5.5.1", out_of_order(s));
	else if (rule->no_arg && line.n > 0)
		smtp_server_refuse_as(s, NULL, 501, "5.5.4", "This command takes no argument");
	else if (rule->run)
		rule->run(s, line);
	else if (rule->code >= 400)
		smtp_server_refuse_as(s, NULL, rule->code, rule->status, rule->text);
	else
		smtp_server_say(s, rule->code, rule->status, rule->text);
}
