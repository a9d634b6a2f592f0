#include "test/test.h"

#include "base/prng.h"
#include "queue/envelope.h"
#include "queue/outcome.h"

static struct prng dice;
static char noise[600];

static str some(void)
{
	size_t n = (size_t)prng_below(&dice, prng_chance(&dice, 100) ? sizeof noise : 40);

	return str_first(str_from(noise, sizeof noise), n);
}

static void check_rcpt(const struct envelope_rcpt *got, const struct envelope_rcpt *want)
{
	CHECK_STR(got->address, want->address);
	CHECK_STR(got->original, want->original);
	CHECK_STR(got->orcpt, want->orcpt);
	CHECK_STR(got->sender, want->sender);
	CHECK_STR(got->into, want->into);
	CHECK(got->has_sender == want->has_sender && got->notify == want->notify);
	CHECK(got->forwarded == want->forwarded);
}

static void check_equal(const struct envelope *got, const struct envelope *want)
{
	CHECK(got->id == want->id && got->session_id == want->session_id);
	CHECK(got->received_ms == want->received_ms && got->flags == want->flags);
	CHECK(got->ret == want->ret && got->octets == want->octets);
	CHECK(ip_eq(&got->client, &want->client));
	CHECK_STR(got->sender, want->sender);
	CHECK_STR(got->forwarder, want->forwarder);
	CHECK_STR(got->envid, want->envid);
	CHECK_STR(got->helo, want->helo);
	CHECK_STR(got->login, want->login);
	CHECK_STR(got->hold, want->hold);
	CHECK_STR(got->hold_origin, want->hold_origin);
	CHECK_INT(got->rcpt_count, want->rcpt_count);
	for (size_t i = 0; i < want->rcpt_count; i++)
		check_rcpt(&got->rcpts[i], &want->rcpts[i]);
}

static void make(struct envelope *e, struct envelope_rcpt *rcpts, size_t rcpt_max)
{
	*e = (struct envelope){ .id = prng_next(&dice),
		.session_id = prng_next(&dice),
		.received_ms = (int64_t)prng_next(&dice),
		.flags = (unsigned)prng_below(&dice, 128),
		.ret = (enum smtp_ret)prng_below(&dice, SMTP_RET_HDRS + 1),
		.octets = prng_next(&dice),
		.sender = some(),
		.envid = some(),
		.helo = some(),
		.rcpts = rcpts,
		.rcpt_count = (size_t)prng_below(&dice, rcpt_max + 1) };
	if (prng_chance(&dice, 500)) {
		e->flags |= ENVELOPE_LOGIN;
		e->login = some();
	}
	if (prng_chance(&dice, 500)) {
		e->flags |= ENVELOPE_HELD;
		e->hold = some();
		e->hold_origin = some();
	}
	if (prng_chance(&dice, 500)) {
		e->flags |= ENVELOPE_FORWARDED;
		e->forwarder = some();
	}
	e->client.family = (uint8_t)(prng_below(&dice, 3) * 2);
	if (e->client.family == 2)
		e->client.family = 6;
	for (size_t i = 0; i < (e->client.family == 4 ? 4 : 16) && e->client.family; i++)
		e->client.bytes[i] = (uint8_t)prng_next(&dice);
	for (size_t i = 0; i < e->rcpt_count; i++) {
		rcpts[i] = (struct envelope_rcpt){ .address = some(), .original = some() };
		rcpts[i].orcpt = some();
		rcpts[i].notify = (unsigned)prng_below(&dice, 16);
		rcpts[i].has_sender = prng_chance(&dice, 300);
		if (rcpts[i].has_sender)
			rcpts[i].sender = some();
		if (prng_chance(&dice, 300))
			rcpts[i].into = some();
		rcpts[i].forwarded = prng_chance(&dice, 300);
	}
}

static void begin(void)
{
	prng_seed(&dice, 1);
	for (size_t i = 0; i < sizeof noise; i++)
		noise[i] = (char)prng_next(&dice);
}

TEST(envelope_is_read_as_it_was_written)
{
	struct envelope_rcpt rcpts[20];
	struct envelope e, again;
	struct buf bytes = { 0 };
	struct arena a;
	struct fail why;

	begin();
	arena_init(&a, 1 << 20);
	for (int i = 0; i < 1000; i++) {
		make(&e, rcpts, LENGTH(rcpts));
		envelope_write(&e, &bytes);
		CHECK(envelope_read(buf_str(&bytes), &a, &again, &why));
		check_equal(&again, &e);
		buf_clear(&bytes);
		arena_reset(&a);
	}
	buf_free(&bytes);
	arena_free(&a);
}

TEST(envelope_is_refused_when_cut_or_too_large)
{
	struct envelope_rcpt rcpts[3];
	struct envelope e, again;
	struct buf bytes = { 0 };
	struct arena a;
	struct fail why;

	begin();
	arena_init(&a, 1 << 20);
	make(&e, rcpts, LENGTH(rcpts));
	envelope_write(&e, &bytes);
	for (size_t n = 0; n < buf_str(&bytes).n; n++) {
		CHECK(!envelope_read(str_first(buf_str(&bytes), n), &a, &again, &why));
		CHECK(why.kind == FAIL_PERMANENT);
		arena_reset(&a);
	}
	arena_free(&a);
	arena_init(&a, 50);
	CHECK(!envelope_read(buf_str(&bytes), &a, &again, &why));
	CHECK(why.kind == FAIL_TEMPORARY);
	arena_free(&a);
	buf_free(&bytes);
}

TEST(outcome_is_read_as_it_was_packed)
{
	struct spool_rcpt was = { .state = SPOOL_GIVEN_UP, .attempts = 7, .next_ms = -5 }, is;
	struct buf bytes = { 0 };
	struct pack_reader u = { 0 };

	fail_reply(&was.last, 554, "5.7.1", "Not for you: %s", "caf\xc3\xa9");
	strcpy(was.last.origin, "conf.d/10-x.conf:3");
	outcome_pack(&was, &bytes);
	u.rest = buf_str(&bytes);
	outcome_unpack(&u, &is);
	CHECK(!u.broken && u.rest.n == 0);
	CHECK(!memcmp(&is, &was, sizeof is));
	buf_free(&bytes);
}
