#include "test/sim/client_script.h"

#include <assert.h>

#include "base/log.h"
#include "test/sim/client.h"
#include "test/sim/sim.h"
#include "test/sim/trace.h"

/* --- writing it --- */

static struct client_step *add(struct client_script *s, enum client_step_kind kind)
{
	assert(s->count < CLIENT_STEPS_MAX);
	s->steps[s->count] = (struct client_step){ .kind = kind };
	return &s->steps[s->count++];
}

static void add_chunks(struct client_script *s, struct letter *l)
{
	str rest = l->wire;

	for (int chunks = 0;; chunks++) {
		size_t n = chunks < 10 && sim_chance(600) ? (size_t)sim_between(0, (int64_t)rest.n)
							  : rest.n;
		struct client_step *step = add(s, CLIENT_BDAT);

		step->letter = l;
		step->chunk = str_first(rest, n);
		step->last = n == rest.n;
		rest = str_skip(rest, n);
		if (step->last)
			return;
	}
}

/* RSET before the next letter, unless the last one went well and the coin says that it may follow
 * at once. */
static void add_reset(struct client_script *s, struct letter *last)
{
	struct client_step *step = add(s, CLIENT_RSET);

	step->letter = last;
	step->waits = true;
	step->last = sim_chance(700);
}

static void add_letter(struct client_script *s)
{
	struct letter *l = ledger_letter(s->trusted, client_pivot.message_octets_max);
	struct client_step *mail = add(s, CLIENT_MAIL);

	l->client = s->disguise.client;
	l->never &= s->extended;
	mail->letter = l;
	mail->says_size = s->extended && sim_chance(500);
	mail->says_eightbit = s->extended && l->eightbit;
	for (size_t i = 0; i < l->rcpt_count; i++) {
		struct client_step *step = add(s, CLIENT_RCPT);

		step->letter = l;
		step->rcpt = i;
	}
	if (s->extended && sim_chance(400)) {
		add_chunks(s, l);
		return;
	}
	add(s, CLIENT_DATA)->letter = l;
	add(s, CLIENT_BODY)->letter = l;
	s->steps[s->count - 1].waits = true;
}

static void add_hello(struct client_script *s, bool extended)
{
	struct client_step *step = add(s, CLIENT_HELLO);

	step->waits = true;
	step->last = extended;
}

static void add_auth(struct client_script *s, enum client_auth auth)
{
	add(s, CLIENT_AUTH)->waits = true;
	s->steps[s->count - 1].auth = auth;
}

/* Who logs in may send what a trusted client may. */
static void add_login(struct client_script *s)
{
	if (sim_chance(300))
		add_auth(s, CLIENT_AUTH_WRONG);
	add_auth(s, CLIENT_AUTH_RIGHT);
	s->trusted = true;
}

/* Some say EHLO first, to see whether XCLIENT is offered. */
static void add_told(struct client_script *s)
{
	bool hears = s->disguise.kind == DISGUISE_XFORWARD || sim_chance(500);

	unsigned commands = disguise_commands(&s->disguise);

	for (unsigned i = 1; i <= commands; i++) {
		if (hears)
			add_hello(s, s->extended);
		add(s, CLIENT_TOLD)->waits = true;
		s->steps[s->count - 1].last = i == commands;
	}
}

void client_script_write(struct client_script *s, unsigned letters, bool noisy)
{
	bool logged_in = s->disguise.kind == DISGUISE_LOGIN;
	size_t hello;

	s->trusted = s->disguise.trusted;
	s->extended = sim_chance(850);
	s->pipelining = s->extended && sim_chance(500);
	add(s, CLIENT_GREETING);
	add_told(s);
	add_hello(s, s->extended);
	if (s->extended && sim_chance(100) && !logged_in)
		add_auth(s, CLIENT_AUTH_CLEAR);
	if (s->extended && sim_chance(400) && !logged_in) {
		add(s, CLIENT_STARTTLS)->waits = true;
		add_hello(s, true);
		if (sim_chance(500))
			add_login(s);
	}
	hello = s->count;
	for (unsigned i = 0; i < letters; i++) {
		if (sim_chance(50))
			add(s, CLIENT_LONG);
		add_letter(s);
		add_reset(s, s->steps[s->count - 1].letter);
		if (sim_chance(150))
			add(s, CLIENT_NOOP)->waits = sim_chance(500);
	}
	if (noisy)
		for (int i = 0; i < 60; i++)
			add(s, CLIENT_JUNK);
	add(s, CLIENT_QUIT)->waits = true;
	s->steps[hello].waits = true; /* nothing may be said before EHLO is answered */
}

/* --- saying it --- */

bool client_script_skips(const struct client_step *step)
{
	if (step->kind == CLIENT_RSET)
		return step->last && step->letter->final_code == 250;
	return step->kind == CLIENT_BODY && step->letter->data_code != 354;
}

static void say_body(const struct letter *l, struct buf *out)
{
	str rest = l->content;

	while (rest.n > 0) {
		size_t n = str_find_str(rest, S("\r\n")) + 2;

		if (rest.p[0] == '.')
			buf_put(out, S("."));
		buf_put(out, str_first(rest, n));
		rest = str_skip(rest, n);
	}
	buf_put(out, str_skip(l->wire, l->content.n));
	buf_put(out, S(".\r\n"));
}

void client_script_say(const struct client_script *s, struct client_step *step, struct buf *out)
{
	struct letter *l = step->letter;
	size_t before = out->end - out->start;

	switch (step->kind) {
	case CLIENT_GREETING:
		break;
	case CLIENT_TOLD:
		disguise_command(&s->disguise, step->last, out);
		break;
	case CLIENT_HELLO:
		buf_put(out, step->last ? S("EHLO client.test\r\n") : S("HELO client.test\r\n"));
		break;
	case CLIENT_STARTTLS:
		buf_put(out, S("STARTTLS\r\n"));
		break;
	case CLIENT_AUTH: /* of "\0app\0a secret word", and of a wrong one */
		buf_putf(out, "AUTH PLAIN %s\r\n",
			step->auth == CLIENT_AUTH_WRONG ? "AGFwcAB3cm9uZw=="
							: "AGFwcABhIHNlY3JldCB3b3Jk");
		break;
	case CLIENT_MAIL:
		buf_putf(out, "MAIL FROM:<%s>", l->sender);
		if (step->says_size)
			buf_putf(out, " SIZE=%zu", l->content.n);
		buf_put(out, step->says_eightbit ? S(" BODY=8BITMIME\r\n") : S("\r\n"));
		break;
	case CLIENT_RCPT:
		buf_putf(out, "RCPT TO:<%.*s>%s\r\n", STR(l->rcpts[step->rcpt].entry->address),
			l->never ? " NOTIFY=NEVER" : "");
		break;
	case CLIENT_DATA:
		buf_put(out, S("DATA\r\n"));
		break;
	case CLIENT_BODY:
		say_body(l, out);
		break;
	case CLIENT_BDAT:
		buf_putf(out, "BDAT %zu%s\r\n", step->chunk.n, step->last ? " LAST" : "");
		buf_put(out, step->chunk);
		break;
	case CLIENT_RSET:
		buf_put(out, S("RSET\r\n"));
		break;
	case CLIENT_NOOP:
		buf_put(out, S("NOOP\r\n"));
		break;
	case CLIENT_JUNK:
		buf_put(out, sim_chance(500) ? S("XYZZY\r\n") : S("MAIL FROM:<a@b@c>\r\n"));
		break;
	case CLIENT_LONG:
		for (int i = 0; i < 300; i++)
			buf_put(out, S("NOOP is longer than it is allowed to be "));
		buf_put(out, S("\r\n"));
		break;
	case CLIENT_QUIT:
		buf_put(out, S("QUIT\r\n"));
		break;
	}
	trace("client says %.*s (%zu octets)",
		STR(str_trim(str_first(str_skip(buf_str(out), before), 70))),
		out->end - out->start - before);
}

/* --- hearing it --- */

static unsigned accepted(const struct letter *l)
{
	unsigned n = 0;

	for (size_t i = 0; i < l->rcpt_count; i++)
		n += l->rcpts[i].code / 100 == 2;
	return n;
}

static int rcpt_code(struct client_script *s, struct client_step *step, str *enhanced)
{
	const struct letter *l = step->letter;
	const struct directory_entry *entry = l->rcpts[step->rcpt].entry;

	if (l->mail_code / 100 != 2) {
		*enhanced = S("5.5.1");
		return 503;
	}
	if (accepted(l) >= client_pivot.recipients_max) {
		*enhanced = S("4.5.3");
		return 452;
	}
	switch (entry->may) {
	case DIRECTORY_NONE:
		*enhanced = S("5.1.1");
		return 550;
	case DIRECTORY_LATER:
		*enhanced = S("4.");
		return 450;
	case DIRECTORY_CLOSED:
		*enhanced = ledger.ruled ? S("5.7.1") : S("");
		return ledger.ruled ? 550 : 250;
	case DIRECTORY_TRUSTED:
		*enhanced = s->trusted ? S("") : S("5.7.1");
		return s->trusted ? 250 : 550;
	case DIRECTORY_ALL:
		break;
	}
	*enhanced = S("");
	return 250;
}

static bool refused_already(const struct letter *l, int code)
{
	return accepted(l) == 0 && (code == 503 || code == 554);
}

static bool final_is_right(struct client_step *step, int code, str text)
{
	struct letter *l = step->letter;

	if (step->kind == CLIENT_BDAT && refused_already(l, code))
		return true;
	if (step->kind == CLIENT_BDAT && code == 503 && l->data_code >= 400)
		return true; /* a chunk before it was refused */
	if (step->kind == CLIENT_BDAT && !step->last) {
		l->data_code = code;
		return code == 250 || (!letter_taken(l) && code / 100 == 5);
	}
	l->final_code = code;
	l->final_ns = sim_here_ns();
	if (code == 250) {
		ledger.accepted++;
		if (!log_id_parse(str_skip(text, str_find_last(text, ' ') + 1), &l->id))
			return false;
	}
	switch (l->kind) {
	case LETTER_DROPPED: /* its client hears that it waits in no queue */
		return code == 250 && accepted(l) > 0 &&
		       str_find_str(text, S("accepted as ")) < text.n;
	case LETTER_PLAIN:
	case LETTER_HELD:
	case LETTER_REDIRECTED:
	case LETTER_FILTERED:
	case LETTER_TOPPED:
		return code == 250 && accepted(l) > 0;
	case LETTER_BARE:
		return code == 550 || code == 554 || code == 503;
	case LETTER_OVERSIZE:
		return code == 552 || code == 503;
	case LETTER_LOOPED:
	case LETTER_RULED:
		return code == 554 || code == 503;
	case LETTER_FORGED:
		return code == 554 || code == 503;
	}
	return false;
}

static bool is_right(struct client_script *s, struct client_step *step, int code, str text)
{
	struct letter *l = step->letter;
	str enhanced;

	switch (step->kind) {
	case CLIENT_GREETING:
	case CLIENT_STARTTLS:
		return code == 220;
	case CLIENT_TOLD:
		return code == disguise_reply(&s->disguise);
	case CLIENT_HELLO:
	case CLIENT_RSET:
	case CLIENT_NOOP:
		return code == 250;
	case CLIENT_AUTH:
		return code == (step->auth == CLIENT_AUTH_CLEAR          ? 538
				       : step->auth == CLIENT_AUTH_WRONG ? 535
									 : 235);
	case CLIENT_MAIL:
		l->mail_code = code;
		if (l->kind == LETTER_FORGED)
			return code == 550 && str_starts(str_skip(text, 4), S("5.7.23"));
		return code == (step->says_size && l->kind == LETTER_OVERSIZE ? 552 : 250);
	case CLIENT_RCPT:
		if (code != rcpt_code(s, step, &enhanced)) {
			l->rcpts[step->rcpt].code = code;
			return false;
		}
		l->rcpts[step->rcpt].code = code;
		if (code == 250)
			letter_targets(l, &l->rcpts[step->rcpt], true);
		else
			ledger.refused++;
		return str_starts(str_skip(text, 4), enhanced);
	case CLIENT_DATA:
		l->data_code = code;
		return accepted(l) > 0 ? code == 354 : code == 503 || code == 554;
	case CLIENT_BODY:
	case CLIENT_BDAT:
		return final_is_right(step, code, text);
	case CLIENT_JUNK:
	case CLIENT_LONG:
		return code / 100 == 5;
	case CLIENT_QUIT:
		return code == 221;
	}
	return false;
}

/* Without the login there is nothing that it would be trusted with. */
static void give_up(struct client_script *s, const struct client_step *step)
{
	size_t next = (size_t)(step - s->steps) + 1;

	s->steps[next] = (struct client_step){ .kind = CLIENT_QUIT, .waits = true };
	s->count = next + 1;
}

void client_script_heard(struct client_script *s, struct client_step *step, int code, str text)
{
	bool right = is_right(s, step, code, text);

	if ((step->kind == CLIENT_AUTH && step->auth == CLIENT_AUTH_RIGHT && !right) ||
		(step->kind == CLIENT_TOLD && !right))
		give_up(s, step);

	s->errors += code >= 400 && code != 452; /* too many recipients are no error */
	/* the last one may be that of a message, which has its own reply; then 421 follows */
	if (s->errors > client_pivot.errors_max + 2)
		sim_fail("P8: a client made %u errors and may go on", s->errors);
	if (right || (code / 100 == 4 && client_pivot.faulty))
		return;
	if (code / 100 == 4 && client_pivot.rude_hops && step->kind == CLIENT_RCPT &&
		directory_called(step->letter->rcpts[step->rcpt].entry->address))
		return;
	sim_fail("a client heard a wrong reply to step %d of letter %u: %.*s", (int)step->kind,
		step->letter ? step->letter->number : 0, STR(text));
}
