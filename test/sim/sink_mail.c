#include <assert.h>
#include <stdio.h>

#include "base/ascii.h"
#include "base/number.h"
#include "test/sim/sink_session.h"
#include "test/sim/trace.h"

#define GREYS_MAX 400
#define SLACK_NS (3 * SIM_MS) /* clocks count in milliseconds, and fire late */
#define GREY_NS (60 * SIM_S)
#define STUCK_MS (15 * 60 * 1000)
#define SLOW_MS_MAX 9000
#define GO_AWAY_COMMANDS 4
#define CHUNK_OCTETS_MAX (1 << 20)

static struct grey {
	unsigned letter; /* by its sender */
	char rcpt[64];
	int64_t first_ns;
} greys[GREYS_MAX];
static size_t grey_count;

void sink_open(void)
{
	grey_count = 0;
	sink_calm = sink_quirky = false;
}

static bool greylisted(const struct sink_session *s, str rcpt)
{
	unsigned letter = letter_number_of_sender(str_of(s->sender));
	size_t i = 0;

	while (i < grey_count &&
		(greys[i].letter != letter || !str_eq(str_of(greys[i].rcpt), rcpt)))
		i++;
	if (i == grey_count) {
		assert(grey_count < GREYS_MAX);
		greys[i].letter = letter;
		str_to_c(rcpt, greys[i].rcpt, sizeof greys[i].rcpt);
		greys[i].first_ns = sim.now_ns;
		grey_count++;
	}
	return sim.now_ns - greys[i].first_ns < GREY_NS;
}

static void forget_mail(struct sink_session *s)
{
	s->has_mail = false;
	s->rcpt_count = 0;
	buf_clear(&s->body);
}

/* --- commands --- */

static void on_helo(struct sink_session *s, str arg)
{
	(void)arg;
	forget_mail(s);
	s->pipelining = s->chunking = s->sized = s->enhanced = s->starttls = false;
	sink_say(s, 250, "", "sink.test");
}

static void on_hello(struct sink_session *s, str arg)
{
	(void)arg;
	forget_mail(s);
	if (s->plain) {
		sink_say(s, 502, "", "never heard of it");
		return;
	}
	buf_put(&s->out, S("250-sink.test\r\n"));
	if (s->pipelining)
		buf_put(&s->out, S("250-PIPELINING\r\n"));
	if (s->chunking)
		buf_put(&s->out, S("250-CHUNKING\r\n"));
	if (s->sized)
		buf_put(&s->out, S("250-SIZE 10000000\r\n"));
	if (s->enhanced)
		buf_put(&s->out, S("250-ENHANCEDSTATUSCODES\r\n"));
	if (s->eightbit)
		buf_put(&s->out, S("250-8BITMIME\r\n"));
	if (s->starttls && !s->secured)
		buf_put(&s->out, S("250-STARTTLS\r\n"));
	sink_auth_offer(s);
	buf_put(&s->out, S("250 HELP\r\n"));
}

static bool address_of(str arg, str begin, str *address)
{
	size_t end = str_find(arg, '>');

	if (!str_starts_nocase(arg, begin) || end == arg.n)
		return false;
	*address = str_skip(str_first(arg, end), begin.n);
	return true;
}

static void on_mail(struct sink_session *s, str arg)
{
	str address;

	if (s->has_mail || !address_of(arg, S("FROM:<"), &address)) {
		sim_fail("the pivot says a wrong MAIL %.*s", STR(arg));
		return;
	}
	if (s->sink->kind.login && !s->authenticated)
		sim_fail("the pivot says MAIL to a host that wants a login first");
	s->said_eightbit = str_find_str(arg, S("BODY=8BITMIME")) < arg.n;
	if (s->said_eightbit && !s->eightbit)
		sim_fail("the pivot says 8BITMIME to a host that has not offered it");
	if (sim.now_ns - s->sink->mail_ns < s->sink->kind.delay_ms * SIM_MS - SLACK_NS &&
		s->sink->mail_ns > 0)
		sim_fail("P9: a mail after %lld ms for a host that wants more between two",
			(long long)((sim.now_ns - s->sink->mail_ns) / SIM_MS));
	s->sink->mail_ns = sim.now_ns;
	if (s->quirk == QUIRK_DROP_MAIL) {
		s->dropping = true;
		return;
	}
	if (s->quirk == QUIRK_NOT_MAIL) {
		sink_say(s, 451, "4.3.2", "not now");
		return;
	}
	str_to_c(address, s->sender, sizeof s->sender);
	s->has_mail = true;
	s->mail_ns = sim_here_ns();
	sink_say(s, 250, "2.1.0", "ok");
}

static void on_rcpt(struct sink_session *s, str arg)
{
	str address;

	if (!address_of(arg, S("TO:<"), &address)) {
		sim_fail("the pivot says a wrong RCPT %.*s", STR(arg));
		return;
	}
	if (s->quirk == QUIRK_DROP_RCPT) {
		s->dropping = true;
		return;
	}
	if (!s->has_mail)
		sink_say(s, 503, "5.5.1", "MAIL first");
	else if (str_starts(address, S("bad")))
		sink_say(s, 550, "5.1.1", "nobody of that name");
	else if (str_starts(address, S("tired")))
		sink_say(s, 450, "4.2.1", "tired");
	else if (str_starts(address, S("grey")) && greylisted(s, address))
		sink_say(s, 450, "4.7.1", "come again");
	else if ((s->quirk == QUIRK_NOT_RCPT && sim_chance(500)) || s->rcpt_count == SINK_RCPTS_MAX)
		sink_say(s, 452, "4.5.3", "one too many");
	else {
		str_to_c(address, s->rcpts[s->rcpt_count++], sizeof s->rcpts[0]);
		sink_say(s, 250, "2.1.5", "ok");
	}
}

static void on_data(struct sink_session *s, str arg)
{
	(void)arg;
	if (s->rcpt_count == 0) {
		sink_say(s, 503, "5.5.1", "no recipients");
		return;
	}
	if (s->quirk == QUIRK_NOT_DATA) {
		sink_say(s, 451, "4.3.2", "not now");
		return;
	}
	s->reading = SINK_TEXT;
	sink_say(s, 354, "", "go ahead");
}

static void on_bdat(struct sink_session *s, str arg)
{
	str size;

	if (!s->chunking)
		sim_fail("the pivot says BDAT to a host that has not offered it");
	if (!str_word(&arg, &size) || !number_parse(size, CHUNK_OCTETS_MAX, &s->chunk_octets)) {
		sim_fail("the pivot says a wrong BDAT");
		return;
	}
	s->chunk_last = str_starts_nocase(str_trim(arg), S("LAST"));
	s->chunk_refused = s->rcpt_count == 0;
	s->reading = SINK_CHUNK;
}

static void on_rset(struct sink_session *s, str arg)
{
	(void)arg;
	forget_mail(s);
	sink_say(s, 250, "2.0.0", "ok");
}

static void on_starttls(struct sink_session *s, str arg)
{
	(void)arg;
	if (!s->starttls || s->secured) {
		sim_fail("the pivot says STARTTLS to a host that has not offered it");
		return;
	}
	if (s->quirk == QUIRK_NO_TLS) {
		sink_say(s, 454, "4.7.0", "not now");
		return;
	}
	sink_say(s, 220, "2.0.0", "go ahead");
	if (s->quirk == QUIRK_BAD_TLS) {
		buf_put(&s->out, S("500 what does that mean?\r\n"));
		s->dropping = true;
		return;
	}
	sink_secure(s);
}

static void on_quit(struct sink_session *s, str arg)
{
	(void)arg;
	sink_say(s, 221, "2.0.0", "bye");
	s->dropping = true;
}

static const struct verb {
	str name;
	void (*run)(struct sink_session *s, str arg);
} verbs[] = {
	{STR_INIT("EHLO"),      on_hello         },
	{ STR_INIT("HELO"),     on_helo          },
	{ STR_INIT("LHLO"),     on_hello         },
	{ STR_INIT("MAIL"),     on_mail          },
	{ STR_INIT("RCPT"),     on_rcpt          },
	{ STR_INIT("DATA"),     on_data          },
	{ STR_INIT("BDAT"),     on_bdat          },
	{ STR_INIT("RSET"),     on_rset          },
	{ STR_INIT("STARTTLS"), on_starttls      },
	{ STR_INIT("AUTH"),     sink_auth_command},
	{ STR_INIT("QUIT"),     on_quit          },
};

void sink_command(struct sink_session *s, str line)
{
	str verb, arg = line;

	s->commands++;
	if (sink_auth_response(s, line))
		return;
	str_cut(&arg, ' ', &verb);
	if (s->quirk == QUIRK_GO_AWAY && s->commands == GO_AWAY_COMMANDS) {
		sink_say(s, 421, "4.3.2", "we close");
		s->dropping = true;
		return;
	}
	if (s->quirk == QUIRK_SLOW)
		sink_wait(s, sim_between(10, SLOW_MS_MAX));
	for (size_t i = 0; i < LENGTH(verbs); i++)
		if (str_eq_nocase(verb, verbs[i].name)) {
			verbs[i].run(s, arg);
			return;
		}
	sim_fail("the pivot says %.*s", STR(line));
}

/* --- the end of a message --- */

void sink_mail_over(struct sink_session *s)
{
	size_t replies = s->sink->kind.lmtp ? s->rcpt_count : 1;
	bool refused = !s->sink->kind.filter && s->rcpt_count > 0 &&
		       str_ends(str_of(s->rcpts[0]), S("@final.test"));

	s->sink->mail_ns = sim.now_ns;
	if (s->quirk == QUIRK_DROP_FINAL || s->quirk == QUIRK_DROP_BODY) {
		s->dropping = true;
		return;
	}
	s->told = sim_alloc(sizeof *s->told);
	s->told->begun_ns = s->mail_ns;
	for (size_t i = 0; i < s->rcpt_count; i++)
		if (!refused && s->quirk != QUIRK_NOT_FINAL)
			ledger_arrived(&(struct ledger_copy){ .sender = str_of(s->sender),
				.rcpt = str_of(s->rcpts[i]),
				.content = buf_str(&s->body),
				.converted = !s->eightbit,
				.filtered = s->sink->kind.filter,
				.heard = s->told });
	for (size_t i = 0; i < replies; i++)
		if (refused)
			sink_say(s, 554, "5.6.0", "we do not like it");
		else if (s->quirk == QUIRK_NOT_FINAL)
			sink_say(s, 451, "4.3.0", "later");
		else
			sink_say(s, 250, "2.0.0", "taken");
	/* Once it is calm, ten messages that wait for each other would not be in time. */
	if (s->quirk == QUIRK_STUCK && !sink_calm)
		sink_wait(s, STUCK_MS);
	s->dropping = s->quirk == QUIRK_DROP_TAKEN;
	forget_mail(s);
}
