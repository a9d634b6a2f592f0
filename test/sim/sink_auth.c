/* test/sim/sink: a smarthost, which takes mail from who has logged in, and sometimes has no time
 * for that. */
#include <assert.h>

#include "base/base64.h"
#include "test/sim/sink_session.h"
#include "test/sim/trace.h"

#define FAILS_PER_MILLE 300
#define PLAIN S("\0app\0a secret word")

enum { TRIES_PLAIN = 1, TRIES_NAME, TRIES_PASSWORD };

/* What a login comes to, where it does not come to its end. */
enum trouble { TROUBLE_NONE, TROUBLE_LATER, TROUBLE_WRONG, TROUBLE_DROP, TROUBLE_NOISE, TROUBLES };

void sink_auth_prepare(struct sink_session *s)
{
	if (!s->sink->kind.login)
		return;
	s->starttls = true; /* the pivot says no password without it */
	s->plain = false;
	s->auth_offer = sim_chance(500) ? "PLAIN LOGIN" : sim_chance(500) ? "PLAIN" : "LOGIN";
	if (sink_quirky && !sink_calm && sim_chance(FAILS_PER_MILLE))
		s->auth_trouble = (unsigned)sim_between(1, TROUBLES - 1);
}

void sink_auth_offer(struct sink_session *s)
{
	if (s->sink->kind.login && s->secured)
		buf_putf(&s->out, "250-AUTH %s\r\n", s->auth_offer);
}

static bool is(str word, str secret)
{
	struct buf said = { 0 };
	bool same = base64_decode(word, &said) && str_eq(buf_str(&said), secret);

	buf_free(&said);
	return same;
}

static void over(struct sink_session *s, bool right)
{
	s->auth_tries = 0;
	if (!right) {
		sim_fail("the pivot says a login that is not its own");
		return;
	}
	switch ((enum trouble)s->auth_trouble) {
	case TROUBLE_LATER:
		sink_say(s, 454, "4.7.0", "we cannot look now");
		return;
	case TROUBLE_WRONG: /* its database is being restored, say */
		sink_say(s, 535, "5.7.8", "nobody of that name");
		return;
	case TROUBLE_DROP:
		s->dropping = true;
		return;
	case TROUBLE_NONE:
	case TROUBLE_NOISE:
	case TROUBLES:
		break;
	}
	s->authenticated = true;
	sink_say(s, 235, "2.7.0", "welcome");
}

/* The challenges of LOGIN say "Username:" and "Password:"; one in a noisy session says nothing that
 * could be decoded. */
static void challenge(struct sink_session *s, unsigned tries, const char *text)
{
	s->auth_tries = tries;
	buf_putf(&s->out, "334 %s\r\n", s->auth_trouble == TROUBLE_NOISE ? "!!" : text);
}

void sink_auth_command(struct sink_session *s, str arg)
{
	str mechanism;

	str_cut(&arg, ' ', &mechanism);
	if (!s->secured)
		sim_fail("P5: the pivot says a login in clear");
	else if (s->authenticated || !s->sink->kind.login ||
		 str_find_str(str_of(s->auth_offer), mechanism) == strlen(s->auth_offer))
		sim_fail("the pivot says AUTH %.*s to a host that has not offered it",
			STR(mechanism));
	else if (str_eq(mechanism, S("LOGIN")))
		challenge(s, TRIES_NAME, "VXNlcm5hbWU6");
	else if (arg.n == 0 || s->auth_trouble == TROUBLE_NOISE)
		challenge(s, TRIES_PLAIN, "");
	else
		over(s, is(arg, PLAIN));
}

bool sink_auth_response(struct sink_session *s, str line)
{
	unsigned tries = s->auth_tries;

	if (!tries)
		return false;
	if (str_eq(line, S("*")) && s->auth_trouble == TROUBLE_NOISE) {
		s->auth_tries = 0;
		sink_say(s, 501, "5.7.0", "as you like");
	} else if (tries == TRIES_NAME && is(line, S("app"))) {
		challenge(s, TRIES_PASSWORD, "UGFzc3dvcmQ6");
	} else {
		over(s, is(line, tries == TRIES_PASSWORD ? S("a secret word") : PLAIN));
	}
	return true;
}
