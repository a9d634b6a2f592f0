/* AUTH: who may say it when, what a client may answer to a challenge, and how often he may try. */
#include "test/test.h"

#include "smtp/play.h"

#define HELLO "EHLO c.test\r\n|"
#define TLS HELLO "STARTTLS\r\n|"
#define BEGIN "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n"
#define JO "am8="       /* jo */
#define NO "bm8="       /* no */
#define MORE "bW9yZQ==" /* more */
#define BUSY "YnVzeQ==" /* busy */

#define OFF SMTP_SERVER_LOGIN_OFF
#define OFFERED SMTP_SERVER_LOGIN_OFFERED
#define REQUIRED SMTP_SERVER_LOGIN_REQUIRED

/* clang-format off */
/* "|" ends a flight. */
static const struct {
	enum smtp_server_login login;
	const char *flights, *codes, *events, *refusals;
} cases[] = {
	{ OFFERED, TLS HELLO "AUTH PLAIN " JO "\r\n|" BEGIN,
	  "220 250 220/2.0.0 250 235/2.7.0 250/2.1.0 250/2.1.5", "TLS PLAIN(jo) MAIL(a@b) RCPT(c@d)", "" },
	/* asked for what did not come at once; an empty initial response is one */
	{ OFFERED, TLS HELLO "AUTH LOGIN\r\n|" MORE "\r\n|" JO "\r\n|",
	  "220 250 220/2.0.0 250 334 334 235/2.7.0", "TLS LOGIN GO(more) GO(jo)", "" },
	{ OFFERED, TLS HELLO "AUTH PLAIN =\r\n|", "220 250 220/2.0.0 250 235/2.7.0", "TLS PLAIN", "" },
	{ OFFERED, TLS HELLO "AUTH PLAIN " MORE "\r\n|\r\n|", "220 250 220/2.0.0 250 334 235/2.7.0",
	  "TLS PLAIN(more) GO", "" },
	/* never in clear (P5) */
	{ OFFERED, HELLO "AUTH PLAIN " JO "\r\n|", "220 250 538/5.7.11", "", "538/5.7.11 -" },
	{ REQUIRED, HELLO "AUTH PLAIN " JO "\r\n|" BEGIN, "220 250 538/5.7.11 530/5.7.0 503/5.5.1", "",
	  "538/5.7.11 -, 530/5.7.0 -, 503/5.5.1 -" },
	/* nor where nobody offers it */
	{ OFF, TLS HELLO "AUTH PLAIN " JO "\r\n|", "220 250 220/2.0.0 250 502/5.5.1", "TLS", "502/5.5.1 -" },
	/* what was learnt before TLS is forgotten */
	{ OFFERED, TLS "AUTH PLAIN " JO "\r\n|" "HELO c.test\r\n|AUTH PLAIN " JO "\r\n|",
	  "220 250 220/2.0.0 503/5.5.1 250 503/5.5.1", "TLS", "503/5.5.1 -, 503/5.5.1 -" },
	/* cancelled, nonsense, unknown */
	{ OFFERED, TLS HELLO "AUTH LOGIN\r\n|*\r\n|AUTH LOGIN " JO "\r\n|",
	  "220 250 220/2.0.0 250 334 501/5.7.0 235/2.7.0", "TLS LOGIN LOGIN(jo)", "501/5.7.0 -" },
	{ OFFERED, TLS HELLO "AUTH PLAIN ?\r\n|AUTH PLAIN\r\n|am8\r\n|NOOP\r\n|",
	  "220 250 220/2.0.0 250 501/5.5.2 334 501/5.5.2 250/2.0.0", "TLS PLAIN", "501/5.5.2 -, 501/5.5.2 -" },
	{ OFFERED, TLS HELLO "AUTH CRAM-MD5\r\n|AUTH\r\n|", "220 250 220/2.0.0 250 504/5.5.4 504/5.5.4", "TLS",
	  "504/5.5.4 -, 504/5.5.4 -" },
	/* once, and not within a message */
	{ OFFERED, TLS HELLO "AUTH PLAIN " JO "\r\n|AUTH PLAIN " JO "\r\n|RSET\r\n|AUTH PLAIN " JO "\r\n|",
	  "220 250 220/2.0.0 250 235/2.7.0 503/5.5.1 250/2.0.0 503/5.5.1", "TLS PLAIN(jo)",
	  "503/5.5.1 -, 503/5.5.1 -" },
	{ OFFERED, TLS HELLO BEGIN "AUTH PLAIN " JO "\r\n|",
	  "220 250 220/2.0.0 250 250/2.1.0 250/2.1.5 503/5.5.1", "TLS MAIL(a@b) RCPT(c@d)", "503/5.5.1 -" },
	/* no mail without it */
	{ REQUIRED, TLS HELLO "MAIL FROM:<a@b>\r\n|AUTH PLAIN " JO "\r\n|" BEGIN,
	  "220 250 220/2.0.0 250 530/5.7.0 235/2.7.0 250/2.1.0 250/2.1.5",
	  "TLS PLAIN(jo) MAIL(a@b) RCPT(c@d)", "530/5.7.0 -" },
	/* three tries; that nobody can be asked is none */
	{ OFFERED, TLS HELLO "AUTH PLAIN " NO "\r\n|AUTH PLAIN " BUSY "\r\n|AUTH PLAIN " NO "\r\n|AUTH PLAIN "
	  NO "\r\n|AUTH PLAIN " JO "\r\n|",
	  "220 250 220/2.0.0 250 535/5.7.8 454/4.7.0 535/5.7.8 535/5.7.8 421/4.7.0",
	  "TLS PLAIN(no) PLAIN(busy) PLAIN(no) PLAIN(no) CLOSE", "421/4.7.0 tries" },
	/* an answer that did not wait for the challenge is none */
	{ OFFERED, TLS HELLO "AUTH PLAIN\r\n" JO "\r\n|", "220 250 220/2.0.0 250 334 554/5.5.0", "TLS PLAIN CLOSE",
	  "554/5.5.0 -" },
};
/* clang-format on */

static void play(struct play *p, size_t i, bool late, size_t step)
{
	str rest = str_of(cases[i].flights), flight;
	bool more;

	play_begin(p, late);
	p->setup.tls = SMTP_SERVER_TLS_OFFERED;
	p->setup.login = cases[i].login;
	p->setup.mechanisms = S("PLAIN LOGIN");
	p->setup.tries_max = 3;
	play_greet(p);
	do {
		more = str_cut(&rest, '|', &flight);
		play_flight(p, flight, step);
	} while (more);
}

TEST(smtp_server_auth_has_its_place_and_its_limits)
{
	for (size_t i = 0; i < LENGTH(cases); i++)
		for (size_t n = 0; n < 40; n++) {
			struct play p;
			struct buf codes = { 0 };

			/* what comes too early is only seen when it comes in one piece */
			if (strstr(cases[i].codes, "554") && n < 39)
				continue;
			play(&p, i, n % 2, n == 39 ? 1000 : n + 1);
			play_codes(&p, &codes);
			if (!str_eq(buf_str(&codes), str_of(cases[i].codes)))
				print_message("case %zu, step %zu: %.*s\n", i, n + 1,
					STR(buf_str(&codes)));
			CHECK_STR(buf_str(&codes), str_of(cases[i].codes));
			CHECK_STR(buf_str(&p.events), str_of(cases[i].events));
			CHECK_STR(buf_str(&p.refusals), str_of(cases[i].refusals));
			buf_free(&codes);
			play_end(&p);
		}
}

TEST(smtp_server_offers_auth_under_tls_only)
{
	struct play p;

	play(&p, 0, false, 1000);
	CHECK(str_find_str(buf_str(&p.sent), S("250-AUTH PLAIN LOGIN\r\n")) >
		str_find_str(buf_str(&p.sent), S("Begin the handshake")));
	CHECK_STR(smtp_server_auth_login(p.machine), S("jo"));
	play_end(&p);
	play(&p, 6, false, 1000);
	CHECK(str_find_str(buf_str(&p.sent), S("AUTH PLAIN")) == buf_str(&p.sent).n);
	play_end(&p);
}

/* RFC 4954 section 4: 12288 octets of base64, and no more. */
TEST(smtp_server_takes_long_answers_to_a_challenge_and_no_longer_ones)
{
	for (size_t n = 12284; n <= 12292; n += 4) {
		struct buf line = { 0 }, codes = { 0 };
		struct play p;
		bool fits = n <= 12288;

		for (size_t i = 0; i < n; i++)
			buf_put_char(&line, 'Y');
		buf_put(&line, S("\r\n"));
		play(&p, 2, false, 1000);
		play_end(&p);
		play_begin(&p, false);
		p.setup.tls = SMTP_SERVER_TLS_IMPLICIT;
		p.setup.login = OFFERED;
		p.setup.mechanisms = S("PLAIN");
		p.setup.tries_max = 3;
		play_greet(&p);
		play_flight(&p, S("EHLO c.test\r\n"), 1000);
		play_flight(&p, S("AUTH PLAIN\r\n"), 1000);
		play_flight(&p, buf_str(&line), n % 8 == 0 ? 20000 : 100);
		play_codes(&p, &codes);
		CHECK_STR(buf_str(&codes),
			fits ? S("220 250 334 235/2.7.0") : S("220 250 334 500/5.5.6"));
		buf_free(&line);
		buf_free(&codes);
		play_end(&p);
	}
}
