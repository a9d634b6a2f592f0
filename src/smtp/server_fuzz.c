/*
 * Laws: replies, questions, bodies and what is noted of refusals do not depend on how the bytes
 * were cut, nor on how late the answers come (but where a client did not wait, that is told apart
 * by what had arrived, so a run that ends in 554 5.5.0 is not compared); each command gets exactly
 * one reply; a body has only CRLF line ends, and only between ASK_DATA's yes and ASK_COMMIT
 * (smtp/play asserts that).
 *
 * The first byte chooses the limits, 0xff ends a flight.
 */
#include "test/fuzz.h"

#include "smtp/play.h"

#define LINE_OCTETS_MAX 80

static void begin(struct play *p, uint8_t choice, bool late)
{
	play_begin(p, late);
	p->limits.line_octets_max = LINE_OCTETS_MAX;
	p->limits.text_line_octets_max = choice & 1 ? 20 : 1000;
	p->limits.message_octets_max = choice & 2 ? 60 : 1000000;
	p->limits.recipients_max = choice & 4 ? 2 : 100;
	p->limits.errors_max = choice & 8 ? 3 : 100;
	p->limits.idle_commands_max = choice & 16 ? 3 : 100;
	p->limits.transactions_max = choice & 32 ? 2 : 100;
	p->setup.repair_newlines = choice & 64;
	p->setup.xclient = choice & 4;
	p->setup.xforward = choice & 8;
	if (choice & 128) {
		p->setup.login =
			choice & 2 ? SMTP_SERVER_LOGIN_REQUIRED : SMTP_SERVER_LOGIN_OFFERED;
		p->setup.mechanisms = S("PLAIN LOGIN");
		p->setup.tries_max = 3;
		p->setup.tls = choice & 1 ? SMTP_SERVER_TLS_REQUIRED : SMTP_SERVER_TLS_OFFERED;
	}
	play_greet(p);
}

static void play_all(struct play *p, str flights, size_t step)
{
	str flight;
	bool more;

	do {
		more = str_cut(&flights, (char)0xff, &flight);
		play_flight(p, flight, step);
	} while (more);
}

static void check_body(str body)
{
	while (body.n > 0) {
		str line;

		str_cut(&body, '\n', &line);
		if (str_ends(line, S("\r")))
			line = str_first(line, line.n - 1);
		LAW(!str_has(line, '\r'));
	}
}

/* --- another, simpler reading of the client's side, byte by byte ------------------------------ */

struct model {
	bool data;
	uint64_t chunk_left;
	str line, tail; /* of a command; the last 5 bytes of DATA */
	char line_text[LINE_OCTETS_MAX], tail_text[5];
	bool long_line, bare, after_cr;
	bool lax;       /* a bare LF ends a line */
	size_t replies; /* due so far */
};

static bool has_verb(str line, str verb)
{
	return str_starts_nocase(line, verb) && (line.n == verb.n || line.p[verb.n] == ' ');
}

static str last_line(const struct play *p)
{
	str sent = buf_str(&p->sent);

	sent = str_first(sent, sent.n - 2);
	return str_skip(
		sent, str_find_last(sent, '\n') < sent.n ? str_find_last(sent, '\n') + 1 : 0);
}

static void model_line(struct model *m, const struct play *p)
{
	struct smtp_bdat bdat;
	str line = m->line;

	m->line.n = 0;
	if (!m->long_line && !m->bare) {
		line = str_trim_right(line);
		if (has_verb(line, S("BDAT")) &&
			smtp_command_bdat(str_skip(line, 5), &bdat, NULL)) {
			m->chunk_left = bdat.octets;
			m->replies += m->chunk_left == 0;
			return;
		}
		if (has_verb(line, S("DATA")) && str_starts(last_line(p), S("354 "))) {
			m->data = true;
			m->tail = str_from(m->tail_text, 0);
			memcpy(m->tail_text, "xxx\r\n", 5);
		}
	}
	m->long_line = m->bare = false;
	m->replies++;
}

/* One byte that the machine has taken, after all that it wanted was done. */
static void model_byte(struct model *m, char c, const struct play *p)
{
	if (m->data) {
		memmove(m->tail_text, m->tail_text + 1, 4);
		m->tail_text[4] = c;
		if (str_eq(str_from(m->tail_text, 5), S("\r\n.\r\n"))) {
			m->data = false;
			m->replies++;
		}
		return;
	}
	if (m->chunk_left > 0) {
		m->replies += --m->chunk_left == 0;
		return;
	}
	if (c == '\n' && (m->after_cr || m->lax)) {
		m->after_cr = false;
		model_line(m, p);
		return;
	}
	m->bare = m->bare || m->after_cr || c == '\n';
	m->after_cr = c == '\r';
	if (c == '\r' || c == '\n')
		return;
	m->long_line = m->long_line || m->line.n + 2 >= LINE_OCTETS_MAX;
	if (!m->long_line) {
		m->line_text[m->line.n] = c;
		m->line = str_from(m->line_text, m->line.n + 1);
	}
}

static size_t count_replies(const struct play *p)
{
	str rest = buf_str(&p->sent), line;
	size_t count = 0;

	while (str_cut(&rest, '\n', &line)) {
		LAW(line.n > 4 && line.n < 512 && str_ends(line, S("\r")));
		LAW(line.p[3] == '-' || line.p[3] == ' ');
		count += line.p[3] == ' ';
	}
	return count;
}

static void check_count(str flights, uint8_t choice)
{
	struct play p;
	struct model m = { .replies = 1, .lax = choice & 64 };

	begin(&p, choice, false);
	for (size_t i = 0; i < flights.n && !p.closed; i++) {
		if (flights.p[i] == (char)0xff)
			continue;
		play_flight(&p, str_first(str_skip(flights, i), 1), 1);
		model_byte(&m, flights.p[i], &p);
		if (!p.closed)
			LAW(count_replies(&p) == m.replies);
	}
	LAW(count_replies(&p) <= m.replies + 1); /* a 421 may come of itself */
	play_end(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t choice = size > 0 ? data[0] : 0;
	str flights = size > 0 ? str_from(data + 1, size - 1) : S("");
	struct play whole, cut;
	bool early;

	begin(&whole, choice, false);
	play_all(&whole, flights, SIZE_MAX / 2);
	check_body(buf_str(&whole.body));
	early = str_find_str(buf_str(&whole.sent), S("\r\n554 5.5.0 ")) < buf_str(&whole.sent).n;
	for (size_t step = 1; step <= 13; step += 4) {
		begin(&cut, choice, step != 5);
		play_all(&cut, flights, step);
		check_body(buf_str(&cut.body));
		if (!early) {
			LAW(str_eq(buf_str(&whole.sent), buf_str(&cut.sent)));
			LAW(str_eq(buf_str(&whole.events), buf_str(&cut.events)));
			LAW(str_eq(buf_str(&whole.refusals), buf_str(&cut.refusals)));
		}
		play_end(&cut);
	}
	play_end(&whole);
	check_count(flights, choice);
	return 0;
}
