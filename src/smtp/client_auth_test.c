/* AUTH, seen from the client: what we say and ask for, in every cut of what the peer says. */
#include "smtp/client.h"

#include "base/buf.h"
#include "test/test.h"

/* What the driver answers, in turn. */
struct answer {
	const char *mechanism, *response; /* response null: none yet */
	bool last;
	const char *fail; /* in place of all that */
};

struct talk {
	struct smtp_client_setup setup;
	const char *peer[8]; /* what it says, each after all that we want to say */
	struct answer answers[4];
	const char *want; /* all that happens: what we say with ~ for CRLF, and acts in brackets */
};

#define OFFER "250-hi\r\n250-STARTTLS\r\n250 AUTH LOGIN PLAIN SCRAM-SHA-256\r\n"
#define BEGIN "220 hi\r\n", OFFER, "220 go\r\n", OFFER
#define BEGUN "EHLO me~STARTTLS~[TLS]EHLO me~[AUTH -]"

static const struct smtp_client_setup secure = { .hello = STR_INIT("me"),
	.tls_required = true,
	.login = true,
	.greeting_ms_max = 300,
	.command_ms_max = 300,
	.data_ms_max = 300,
	.final_ms_max = 300 };

static void put_said(str bytes, struct buf *to)
{
	for (size_t i = 0; i < bytes.n; i++)
		if (bytes.p[i] == '\n')
			buf_put_char(to, '~');
		else if (bytes.p[i] != '\r')
			buf_put_char(to, bytes.p[i]);
}

static void answer(struct smtp_client *c, const struct answer *a)
{
	struct smtp_client_login login = { .last = a->last };
	struct fail why;

	if (a->fail) {
		fail_with(&why, FAIL_TEMPORARY, "4.7.0", "%s", a->fail);
		smtp_client_auth_fail(c, &why, 0);
		return;
	}
	login.mechanism = str_of(a->mechanism);
	if (a->response)
		login.response = str_of(a->response);
	smtp_client_auth(c, &login, 0);
}

/* Do what the machine wants; false: it has hung up. */
static bool act(struct smtp_client *c, const struct answer **next, struct buf *got)
{
	for (;;) {
		struct smtp_client_act act = smtp_client_next(c);

		switch (act.kind) {
		case SMTP_CLIENT_IDLE:
			return true;
		case SMTP_CLIENT_SEND:
			put_said(act.bytes, got);
			break;
		case SMTP_CLIENT_STARTTLS:
			buf_put(got, S("[TLS]"));
			smtp_client_secured(c, 0);
			break;
		case SMTP_CLIENT_AUTH:
			buf_putf(got, "[AUTH %.*s]", STR(act.bytes.p ? act.bytes : S("-")));
			answer(c, (*next)++);
			break;
		case SMTP_CLIENT_READY:
			buf_put(got, S("[READY]"));
			break;
		case SMTP_CLIENT_CLOSE:
			buf_putf(got, "[CLOSE %d %s]", smtp_client_trouble(c)->code,
				smtp_client_trouble(c)->text);
			return false;
		case SMTP_CLIENT_BODY:
		case SMTP_CLIENT_RESULTS:
			CHECK(false);
		}
	}
}

static void play(const struct talk *t)
{
	static const size_t cuts[] = { 1, 2, 7, 1000000 };

	for (size_t k = 0; k < LENGTH(cuts); k++) {
		struct smtp_client *c = smtp_client_new(&t->setup, 0);
		const struct answer *next = t->answers;
		struct buf got = { 0 };
		bool open = act(c, &next, &got);

		for (size_t i = 0; open && i < LENGTH(t->peer) && t->peer[i]; i++) {
			str text = str_of(t->peer[i]);

			while (open && text.n > 0) {
				str part = str_first(text, cuts[k]);

				CHECK_INT(smtp_client_feed(c, part, 0), part.n);
				open = act(c, &next, &got);
				text = str_skip(text, part.n);
			}
		}
		CHECK_STR(buf_str(&got), str_of(t->want));
		buf_free(&got);
		smtp_client_free(c);
	}
}

TEST(smtp_client_auth_plain_is_one_command)
{
	play(&(struct talk){
		.setup = secure,
		.peer = {BEGIN, "235 2.7.0 welcome\r\n" },
		.answers = { { "PLAIN", "jo:x", true, NULL }   },
		.want = BEGUN "AUTH PLAIN am86eA==~[READY]"
        });
	play(&(struct talk){
		.setup = secure,
		.peer = {BEGIN,          "535 5.7.8 no\r\n", "221 bye\r\n" },
		.answers = { { "PLAIN", "", true, NULL }},
		.want = BEGUN "AUTH PLAIN =~QUIT~[CLOSE 535 no]"
        });
}

TEST(smtp_client_auth_answers_challenges)
{
	play(&(struct talk){
		.setup = secure,
		.peer = {BEGIN, "334 VXNlcm5hbWU6\r\n",      "334 UGFzc3dvcmQ6\r\n",
			 "235 2.7.0 welcome\r\n" },
		.answers = { { "LOGIN", NULL, false, NULL },    { "LOGIN", "jo", false, NULL },
			 { "LOGIN", "x", true, NULL }},
		.want = BEGUN "AUTH LOGIN~[AUTH Username:]am8=~[AUTH Password:]eA==~[READY]"
        });
	/* the last one is empty */
	play(&(struct talk){
		.setup = secure,
		.peer = {BEGIN, "334 cj0x\r\n",                     "334\r\n", "235 welcome\r\n" },
		.answers = { { "SCRAM-SHA-256", "n", false, NULL },
			 { "SCRAM-SHA-256", "c", false, NULL },
			 { "SCRAM-SHA-256", "", true, NULL }               },
		.want = BEGUN "AUTH SCRAM-SHA-256 bg==~[AUTH r=1]Yw==~[AUTH ]~[READY]"
        });
}

TEST(smtp_client_auth_believes_no_yes_before_the_proof)
{
	play(&(struct talk){
		.setup = secure,
		.peer = {BEGIN,          "235 2.7.0 welcome\r\n", "221 bye\r\n" },
		.answers = { { "SCRAM-SHA-256", "n", false, NULL }},
		.want = BEGUN "AUTH SCRAM-SHA-256 bg==~QUIT~[CLOSE 0 The peer took our login "
			      "before it had proven itself]"
        });
}

TEST(smtp_client_auth_is_cancelled)
{
	play(&(struct talk){
		.setup = secure,
		.peer = {BEGIN,                      "334 !!!\r\n", "501 5.7.0 cancelled\r\n", "221 bye\r\n" },
		.answers = { { "LOGIN", NULL, false, NULL }},
		.want = BEGUN "AUTH LOGIN~*~QUIT~[CLOSE 0 The peer's challenge is no base64]"
        });
	play(&(struct talk){
		.setup = secure,
		.peer = {BEGIN,          "334 cj0x\r\n", "501 5.7.0 cancelled\r\n", "221 bye\r\n" },
		.answers = { { "SCRAM-SHA-256", "n", false, NULL }, { .fail = "not so" }             },
		.want = BEGUN "AUTH SCRAM-SHA-256 bg==~[AUTH r=1]*~QUIT~[CLOSE 0 not so]"
        });
	/* before AUTH was said there is nothing to cancel */
	play(&(struct talk){
		.setup = secure,
		.peer = {BEGIN, "221 bye\r\n" },
		.answers = { { .fail = "no vault" }   },
		.want = BEGUN "QUIT~[CLOSE 0 no vault]"
        });
}

TEST(smtp_client_auth_wants_tls_and_an_offer)
{
	struct smtp_client_setup clear = secure;

	clear.tls_required = false;
	play(&(struct talk){
		.setup = clear,
		.peer = {"220 hi\r\n", OFFER, "221 bye\r\n"},
		.want = "EHLO me~QUIT~[CLOSE 0 A login is wanted, and there is no TLS: no "
			"password goes out in clear]"
        });
	play(&(struct talk){
		.setup = secure,
		.peer = {"220 hi\r\n", OFFER, "220 go\r\n", "250-hi\r\n250 AUTH\r\n",
			 "221 bye\r\n"},
		.want = "EHLO me~STARTTLS~[TLS]EHLO me~QUIT~[CLOSE 0 A login is wanted, and the "
			"peer does not offer AUTH]"
        });
}

TEST(smtp_client_auth_a_long_response_waits_for_its_line)
{
	char response[401], want[1000];

	memset(response, 'a', 400);
	response[400] = '\0';
	strcpy(want, BEGUN "AUTH PLAIN~");
	for (int i = 0; i < 133; i++)
		strcat(want, "YWFh");
	strcat(want, "YQ==~[READY]");
	play(&(struct talk){
		.setup = secure,
		.peer = {BEGIN,              "334 \r\n", "235 welcome\r\n" },
		.answers = { { "PLAIN", response, true, NULL }},
		.want = want
        });
}

TEST(smtp_client_shakes_hands_first)
{
	struct smtp_client_setup first = secure;

	first.tls_first = true;
	first.login = false;
	play(&(struct talk){
		.setup = first, .peer = {"220 hi\r\n", OFFER},
                     .want = "[TLS]EHLO me~[READY]"
        });
}

TEST(smtp_client_auth_is_no_reply_to_anything_else)
{
	play(&(struct talk){
		.setup = secure,
		.peer = {"220 hi\r\n", "334 eA==\r\n"},
		.want = "EHLO me~[CLOSE 0 The peer spoke out of turn: 334 eA==]"
        });
	play(&(struct talk){
		.setup = secure,
		.peer = {BEGIN, "354 go on\r\n" },
		.answers = { { "PLAIN", "x", true, NULL }   },
		.want = BEGUN "AUTH PLAIN eA==~[CLOSE 0 The peer spoke out of turn: 354 go on]"
        });
}
