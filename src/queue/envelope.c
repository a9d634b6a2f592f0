#include "queue/envelope.h"

#include <assert.h>

#include "queue/pack.h"

/* No recipient is written shorter than this: it bounds how many a count may claim. */
#define RCPT_OCTETS_MIN 4

/* What is written of a recipient. */
enum {
	RENAMED = 1, /* it was called otherwise at RCPT */
	HAS_SENDER = 2,
	HAS_INTO = 4,
	FORWARDED = 8,
};

static size_t ip_octets(unsigned family)
{
	return family == 4 ? 4 : family == 6 ? 16 : 0;
}

void envelope_write(const struct envelope *e, struct buf *to)
{
	assert(e->rcpt_count <= ENVELOPE_RECIPIENTS_MAX);
	pack_u64(to, e->id);
	pack_u64(to, e->session_id);
	pack_number(to, (uint64_t)e->received_ms);
	pack_number(to, e->flags);
	pack_number(to, e->octets);
	pack_u8(to, e->ret);
	pack_u8(to, e->client.family);
	buf_put(to, str_from(e->client.bytes, ip_octets(e->client.family)));
	pack_text(to, e->sender);
	pack_text(to, e->envid);
	pack_text(to, e->helo);
	if (e->flags & ENVELOPE_LOGIN)
		pack_text(to, e->login);
	if (e->flags & ENVELOPE_HELD) {
		pack_text(to, e->hold);
		pack_text(to, e->hold_origin);
	}
	if (e->flags & ENVELOPE_FORWARDED)
		pack_text(to, e->forwarder);
	pack_number(to, e->rcpt_count);
	for (size_t i = 0; i < e->rcpt_count; i++) {
		const struct envelope_rcpt *rcpt = &e->rcpts[i];

		/* one octet says what is there: most recipients have an address and nothing else */
		bool renamed = !str_eq(rcpt->original, rcpt->address);

		pack_u8(to, (renamed ? RENAMED : 0U) | (rcpt->has_sender ? HAS_SENDER : 0U) |
				    (rcpt->into.n > 0 ? HAS_INTO : 0U) |
				    (rcpt->forwarded ? FORWARDED : 0U));
		pack_text(to, rcpt->address);
		if (renamed)
			pack_text(to, rcpt->original);
		pack_text(to, rcpt->orcpt);
		pack_number(to, rcpt->notify);
		if (rcpt->has_sender)
			pack_text(to, rcpt->sender);
		if (rcpt->into.n > 0)
			pack_text(to, rcpt->into);
	}
}

static void read_rcpt(struct pack_reader *u, struct envelope_rcpt *rcpt)
{
	uint8_t has = pack_read_u8(u);

	rcpt->address = rcpt->original = pack_read_text(u);
	if (has & RENAMED)
		rcpt->original = pack_read_text(u);
	if (has > (RENAMED | HAS_SENDER | HAS_INTO | FORWARDED) ||
		(has & RENAMED && str_eq(rcpt->original, rcpt->address)))
		u->broken = true;
	rcpt->orcpt = pack_read_text(u);
	rcpt->notify = (unsigned)pack_read_number(u, UINT32_MAX);
	rcpt->has_sender = has & HAS_SENDER;
	rcpt->forwarded = has & FORWARDED;
	if (rcpt->has_sender)
		rcpt->sender = pack_read_text(u);
	if (has & HAS_INTO)
		rcpt->into = pack_read_text(u);
	if (has & HAS_INTO && rcpt->into.n == 0)
		u->broken = true;
}

static void read_client(struct pack_reader *u, struct ip *client)
{
	uint8_t family = pack_read_u8(u);
	str bytes = pack_read_bytes(u, ip_octets(family));

	if (family != 0 && family != 4 && family != 6)
		u->broken = true;
	client->family = family;
	if (bytes.n > 0)
		memcpy(client->bytes, bytes.p, bytes.n);
}

static void read_fixed(struct pack_reader *u, struct envelope *e)
{
	uint8_t ret;

	e->id = pack_read_u64(u);
	e->session_id = pack_read_u64(u);
	e->received_ms = (int64_t)pack_read_number(u, UINT64_MAX);
	e->flags = (unsigned)pack_read_number(u, UINT32_MAX);
	e->octets = pack_read_number(u, UINT64_MAX);
	ret = pack_read_u8(u);
	if (ret > SMTP_RET_HDRS)
		u->broken = true;
	else
		e->ret = (enum smtp_ret)ret;
	read_client(u, &e->client);
	e->sender = pack_read_text(u);
	e->envid = pack_read_text(u);
	e->helo = pack_read_text(u);
	if (e->flags & ENVELOPE_LOGIN)
		e->login = pack_read_text(u);
	if (e->flags & ENVELOPE_HELD) {
		e->hold = pack_read_text(u);
		e->hold_origin = pack_read_text(u);
	}
	if (e->flags & ENVELOPE_FORWARDED)
		e->forwarder = pack_read_text(u);
}

bool envelope_read(str bytes, struct arena *a, struct envelope *e, struct fail *why)
{
	struct pack_reader u = { 0 };
	uint64_t count;

	*e = (struct envelope){ 0 };
	/* One copy of all bytes; the strs of the envelope are parts of it. */
	if (!arena_keep(a, bytes, &u.rest))
		return fail_with(why, FAIL_TEMPORARY, "4.3.0", "Envelope too large for its memory");
	read_fixed(&u, e);
	count = pack_read_number(&u, ENVELOPE_RECIPIENTS_MAX);
	if (u.broken || count > u.rest.n / RCPT_OCTETS_MIN)
		return fail_with(why, FAIL_PERMANENT, "5.3.0", "Envelope is rotten");
	e->rcpts = arena_alloc(a, count * sizeof *e->rcpts);
	if (!e->rcpts)
		return fail_with(why, FAIL_TEMPORARY, "4.3.0", "Envelope too large for its memory");
	e->rcpt_count = count;
	for (size_t i = 0; i < count; i++)
		read_rcpt(&u, &e->rcpts[i]);
	if (u.broken || u.rest.n > 0)
		return fail_with(why, FAIL_PERMANENT, "5.3.0", "Envelope has rotten recipients");
	return true;
}

int64_t envelope_received_ms(str bytes)
{
	struct pack_reader u = { .rest = str_skip(bytes, 2 * sizeof(uint64_t)) }; /* ids */

	return (int64_t)pack_read_number(&u, UINT64_MAX);
}
