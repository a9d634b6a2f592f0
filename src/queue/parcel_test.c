#include "test/test.h"

#include "base/mem.h"
#include "queue/parcel.h"
#include "queue/shelf.h"

static struct promise *make(void)
{
	struct envelope_rcpt rcpts[3] = {
		{.address = S("a@x.test"),
                 .original = S("team@home.test"),
                 .notify = 4,
                 .forwarded = true },
		{ .address = S("b@x.test"),
                 .original = S("b@x.test"),
                 .orcpt = S("rfc822;b@x.test")      },
		{ .address = S("\"c d\"@x.test"),
                 .original = S("\"c d\"@x.test"),
                 .has_sender = true},
	};
	struct envelope e = {
		.id = 77,
		.session_id = 78,
		.received_ms = 1764218701123,
		.flags = ENVELOPE_SIGNED | ENVELOPE_EIGHTBIT | ENVELOPE_FORGED |
			 ENVELOPE_FORWARDED | ENVELOPE_LOGIN,
		.login = S("jo"),
		.forwarder = S("SRS0=x@home.test"),
		.sender = S("s@sender.test"),
		.helo = S("client.test"),
		.client = {.family = 4, .bytes = { 192, 0, 2, 7 }},
		.rcpts = rcpts,
		.rcpt_count = LENGTH(rcpts)
	};
	struct content_budget *budget = content_budget_new(1 << 20);
	struct content *content = content_new(budget, 0);
	struct promise *m;
	struct promise_words *words;
	struct fail why;

	content->octets = 9;
	m = promise_new(&e, content);
	fail_reply(&why, 450, "4.2.1", "not now");
	words = promise_words_new(&why, false, S("mx.x.test"));
	promise_rcpt_heard(m, 0, words);
	promise_rcpt_heard(m, 1, words);
	promise_words_drop(words);
	m->rcpts[0].attempts = 2;
	m->rcpts[0].next_ms = 1764218999999;
	m->rcpts[1].held = true;
	content_drop(content);
	content_budget_drop(budget);
	return m;
}

static void write_all(const struct promise *m, const bool *wanted, bool unreadable, struct buf *to)
{
	struct parcel_sum *sum = parcel_sum_new();

	parcel_begin(to);
	parcel_write(sum, m, wanted, to);
	parcel_write_octets(sum, S("a:\r\n\r\nb\r\n"), to);
	parcel_write_sum(sum, unreadable, to);
	parcel_end(1, to);
	parcel_sum_free(sum);
}

static void look_at(const struct parcel *p)
{
	const struct envelope *e = parcel_envelope(p);

	CHECK_INT(e->rcpt_count, 2);
	CHECK_INT(e->received_ms, 1764218701123);
	CHECK(e->id == 77 && e->session_id == 78 && e->client.family == 4);
	CHECK(e->flags == (ENVELOPE_SIGNED | ENVELOPE_EIGHTBIT | ENVELOPE_FORGED |
				  ENVELOPE_FORWARDED | ENVELOPE_LOGIN));
	CHECK_STR(e->login, S("jo"));
	CHECK_STR(e->forwarder, S("SRS0=x@home.test"));
	CHECK(e->rcpts[0].forwarded && !e->rcpts[1].forwarded);
	CHECK_STR(e->rcpts[0].original, S("team@home.test"));
	CHECK(e->rcpts[0].notify == 4 && e->rcpts[1].has_sender);
	CHECK_STR(e->rcpts[1].address, S("\"c d\"@x.test"));
	CHECK(parcel_rcpts(p)[0].attempts == 2 && !parcel_rcpts(p)[0].held);
}

/* The steps as letters, until the end of the input; each message is looked at. */
static void steps_of(str input, char *steps, void (*look)(const struct parcel *p))
{
	struct parcel *p = parcel_new();
	size_t n = 0;

	for (;;) {
		struct fail why;
		str bytes;
		enum parcel_step step = parcel_next(p, &input, &bytes, &why);

		steps[n++] = "mEoMUxB"[step];
		if (step == PARCEL_MESSAGE && look)
			look(p);
		if (step == PARCEL_MORE || step == PARCEL_END || step == PARCEL_BAD)
			break;
	}
	steps[n] = '\0';
	parcel_free(p);
}

static void play(str input, char *steps)
{
	steps_of(input, steps, look_at);
}

TEST(parcel_is_read_as_it_was_written)
{
	struct promise *m = make();
	bool wanted[3] = { true, false, true };
	struct buf bytes = { 0 };
	char steps[40];

	write_all(m, wanted, false, &bytes);
	play(buf_str(&bytes), steps);
	CHECK_STR(str_of(steps), S("EoMx"));
	buf_clear(&bytes);
	write_all(m, wanted, true, &bytes);
	play(buf_str(&bytes), steps);
	CHECK_STR(str_of(steps), S("EoUx"));
	buf_free(&bytes);
	promise_drop(m);
}

/* No octet of it may be another one, and none may be missing: it is never a message then. */
TEST(parcel_that_is_damaged_is_refused)
{
	struct promise *m = make();
	bool wanted[3] = { true, false, true };
	struct buf bytes = { 0 };
	char steps[40];
	str all;

	write_all(m, wanted, false, &bytes);
	all = buf_str(&bytes);
	for (size_t i = 0; i + 6 < all.n; i++) { /* up to the last line */
		bytes.p[bytes.start + i] ^= 1;
		play(all, steps);
		CHECK(!strchr(steps, 'M'));
		bytes.p[bytes.start + i] ^= 1;
	}
	for (size_t n = 0; n < all.n; n++) {
		play(str_first(all, n), steps);
		CHECK(!strchr(steps, 'x'));
	}
	buf_free(&bytes);
	promise_drop(m);
}

/* Somebody has written it by hand: the sum is right, the message is none, or its words are not. */
TEST(parcel_that_was_forged_is_refused)
{
	static const struct {
		const char *line, *content, *steps;
	} cases[] = {
		{"envid a+2Bb\n",                      "a: b\r\n\r\n.\r\n",          "EoMx"},
		{ "envid a b\n",                       "a: b\r\n",                   "B"   },
		{ "recipient a@b.test\norcpt x\n",     "a: b\r\n",                   "B"   },
		{ "recipient a@b.test\norcpt x;y z\n", "a: b\r\n",                   "B"   },
		{ "recipient a@b.test\nnotify 3\n",    "a: b\r\n",                   "B"   },
		{ "",				  "a: b\r\n\r\nx\n.\nMAIL\r\n", "EoB" },
		{ "",				  "a: b\r\n\r\nx\r.\r\n",       "EoB" },
		{ "",				  "a: b",                       "EoB" },
		{ "",				  "a: b\r",                     "EoB" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct parcel_sum *sum = parcel_sum_new();
		struct buf bytes = { 0 }, whole = { 0 };
		char steps[40];

		buf_putf(&whole,
			"message 6H1Q26E5V1M00\nreceived 1764218701123\n%srecipient c@d.test\n"
			"octets %zu\n%s",
			cases[i].line, strlen(cases[i].content), cases[i].content);
		parcel_begin(&bytes);
		parcel_write_octets(sum, buf_str(&whole), &bytes);
		parcel_write_sum(sum, false, &bytes);
		parcel_end(1, &bytes);
		steps_of(buf_str(&bytes), steps, NULL);
		CHECK_STR(str_of(steps), str_of(cases[i].steps));
		parcel_sum_free(sum);
		buf_free(&whole);
		buf_free(&bytes);
	}
}

TEST(shelf_gives_back_what_was_put_on_it)
{
	struct promise *m = make(), *back;
	struct intern words = { 0 };
	struct buf scratch = { 0 };
	struct shelf *s;

	m->warned = m->quarantined = m->rcpts[1].quarantined = true;
	m->rcpts[2].state = SPOOL_DELIVERED;
	m->waiting--;
	s = shelf_pack(m, &words, &scratch);
	CHECK_INT(words.count, 1);
	CHECK(shelf_received_ms(s) == m->envelope.received_ms);
	CHECK(shelf_mentions(s, S("X.TEST")) && shelf_mentions(s, S("team@home.test")));
	CHECK(!shelf_mentions(s, S("y.test")));
	back = shelf_open(s, m->content);
	CHECK(back->warned && back->waiting == 2);
	CHECK(back->rcpts[0].attempts == 2 && back->rcpts[0].next_ms == 1764218999999);
	CHECK(back->rcpts[0].last == back->rcpts[1].last && !back->rcpts[2].last);
	CHECK_STR(back->rcpts[0].last->remote, S("mx.x.test"));
	CHECK_STR(str_of(back->rcpts[0].last->fail.text), S("not now"));
	CHECK(back->quarantined && back->rcpts[1].quarantined && !back->rcpts[0].quarantined);
	CHECK(promise_quarantined(back));
	CHECK(back->rcpts[1].held && back->rcpts[2].state == SPOOL_DELIVERED);
	CHECK_STR(back->envelope.rcpts[2].address, m->envelope.rcpts[2].address);
	shelf_free(s, &words);
	CHECK_INT(words.count, 0);
	intern_free(&words);
	buf_free(&scratch);
	promise_drop(back);
	promise_drop(m);
}
