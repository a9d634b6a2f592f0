#include "queue/shelf.h"

#include <assert.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "queue/outcome.h"

/* The envelope, then the message's own octet, then the recipients. */
struct shelf {
	uint32_t envelope_octets, octets;
	char bytes[];
};

/* The first octet of a recipient: its state, and what it has. */
enum {
	STATE = 7,
	QUEUED = 8,
	IN_HAND = 16,
	HELD = 32,
	TRIED = 64, /* attempts, next_ms and words follow, each where there is any */
	QUARANTINED = 128,
};
_Static_assert((int)SPOOL_HELD <= (int)STATE, "a state is three bits");

/* Of the message. */
enum {
	MESSAGE_WARNED = 1,
	MESSAGE_QUARANTINED = 2,
};

static struct intern_text *words_keep(const struct promise_words *w, struct intern *words)
{
	struct buf packed = { 0 };
	struct intern_text *t;

	pack_u8(&packed, w->ours);
	pack_text(&packed, w->remote);
	outcome_pack_words(&w->fail, &packed);
	t = intern_keep(words, buf_str(&packed));
	buf_free(&packed);
	return t;
}

static struct promise_words *words_open(const struct intern_text *t)
{
	struct pack_reader u = { .rest = intern_bytes(t) };
	struct fail fail;
	bool ours = pack_read_u8(&u);
	str remote = pack_read_text(&u);

	outcome_unpack_words(&u, &fail);
	assert(!u.broken && u.rest.n == 0); /* we packed it */
	return promise_words_new(&fail, ours, remote);
}

/* Recipients that heard the same words together hold the same pointer: one reference each. */
static void pack_rcpt(const struct promise_rcpt *r, struct intern *words, struct buf *to)
{
	bool tried = r->attempts > 0 || r->next_ms > 0 || r->last;
	struct intern_text *t = r->last ? words_keep(r->last, words) : NULL;

	pack_u8(to, r->state | (r->queued ? QUEUED : 0U) | (r->in_hand ? IN_HAND : 0U) |
			    (r->held ? HELD : 0U) | (tried ? TRIED : 0U) |
			    (r->quarantined ? QUARANTINED : 0U));
	if (!tried)
		return;
	pack_number(to, r->attempts);
	pack_number(to, (uint64_t)r->next_ms);
	buf_put(to, str_from(&t, sizeof(void *)));
}

static struct intern_text *read_rcpt(struct pack_reader *u, struct promise_rcpt *r)
{
	struct intern_text *t = NULL;
	uint8_t first = pack_read_u8(u);
	str pointer;

	r->state = (enum spool_rcpt_state)(first & STATE);
	r->queued = first & QUEUED;
	r->in_hand = first & IN_HAND;
	r->held = first & HELD;
	r->quarantined = first & QUARANTINED;
	if (!(first & TRIED))
		return NULL;
	r->attempts = (unsigned)pack_read_number(u, UINT32_MAX);
	r->next_ms = (int64_t)pack_read_number(u, INT64_MAX);
	pointer = pack_read_bytes(u, sizeof(void *));
	assert(pointer.n == sizeof(void *));
	memcpy(&t, pointer.p, sizeof(void *));
	return t;
}

static str envelope_of(const struct shelf *s)
{
	return str_from(s->bytes, s->envelope_octets);
}

static struct pack_reader behind_envelope(const struct shelf *s)
{
	return (struct pack_reader){ .rest = str_skip(
					     str_from(s->bytes, s->octets), s->envelope_octets) };
}

struct shelf *shelf_pack(const struct promise *m, struct intern *words, struct buf *scratch)
{
	struct shelf *s;
	size_t envelope_octets;
	str bytes;

	buf_clear(scratch);
	envelope_write(&m->envelope, scratch);
	envelope_octets = buf_str(scratch).n;
	pack_u8(scratch,
		(m->warned ? MESSAGE_WARNED : 0U) | (m->quarantined ? MESSAGE_QUARANTINED : 0U));
	for (size_t i = 0; i < m->envelope.rcpt_count; i++)
		pack_rcpt(&m->rcpts[i], words, scratch);
	bytes = buf_str(scratch);
	assert(bytes.n <= UINT32_MAX);
	s = mem_alloc(sizeof *s + bytes.n);
	s->octets = (uint32_t)bytes.n;
	s->envelope_octets = (uint32_t)envelope_octets;
	memcpy(s->bytes, bytes.p, bytes.n);
	return s;
}

static void open_rcpts(struct promise *m, struct pack_reader *u)
{
	const struct intern_text *before = NULL;
	struct promise_words *shared = NULL;

	for (size_t i = 0; i < m->envelope.rcpt_count; i++) {
		const struct intern_text *t = read_rcpt(u, &m->rcpts[i]);

		if (spool_rcpt_ended(m->rcpts[i].state))
			m->waiting--;
		if (!t)
			continue;
		if (t != before) {
			promise_words_drop(shared);
			shared = words_open(t);
			before = t;
		}
		promise_rcpt_heard(m, i, shared);
	}
	promise_words_drop(shared);
}

struct promise *shelf_open(const struct shelf *s, struct content *content)
{
	struct pack_reader u = behind_envelope(s);
	struct promise *m = promise_read(envelope_of(s), content);
	uint8_t flags = pack_read_u8(&u);

	m->warned = flags & MESSAGE_WARNED;
	m->quarantined = flags & MESSAGE_QUARANTINED;
	open_rcpts(m, &u);
	assert(!u.broken && u.rest.n == 0); /* we packed it */
	return m;
}

void shelf_free(struct shelf *s, struct intern *words)
{
	struct pack_reader u = behind_envelope(s);
	struct promise_rcpt rcpt;

	for (pack_read_u8(&u); u.rest.n > 0;)
		intern_drop(words, read_rcpt(&u, &rcpt));
	mem_free(s);
}

int64_t shelf_received_ms(const struct shelf *s)
{
	return envelope_received_ms(envelope_of(s));
}

bool shelf_mentions(const struct shelf *s, str text)
{
	str bytes = envelope_of(s);
	char first;

	if (text.n == 0)
		return true;
	first = ascii_lower(text.p[0]);
	for (size_t i = 0; i + text.n <= bytes.n; i++)
		if (ascii_lower(bytes.p[i]) == first &&
			str_eq_nocase(str_first(str_skip(bytes, i), text.n), text))
			return true;
	return false;
}
