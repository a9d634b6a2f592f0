#include "queue/letter.h"

#define PLACE_OCTETS 20

void letter_pack_envelope(const struct envelope *e, struct buf *to)
{
	size_t octets_at;

	pack_u32(to, (uint32_t)e->rcpt_count);
	octets_at = to->end;
	pack_u32(to, 0);
	envelope_write(e, to);
	pack_set32(to->p + octets_at, (uint32_t)(to->end - octets_at - 4));
}

void letter_pack_places(
	const struct content_block *blocks, size_t count, size_t first, struct buf *to)
{
	pack_u32(to, (uint32_t)count);
	for (size_t i = 0; i < count; i++) {
		const struct content_place *place = &blocks[(first + i) % count].place;

		pack_u64(to, content_where(place));
		pack_u32(to, place->octets);
		pack_u64(to, place->checksum);
	}
}

bool letter_read(str head, struct letter *m)
{
	struct pack_reader u = { .rest = head };

	*m = (struct letter){ 0 };
	m->rcpt_count = pack_read_u32(&u);
	m->envelope = pack_read_str(&u);
	m->before_places = str_first(head, head.n - u.rest.n);
	m->place_count = pack_read_u32(&u);
	m->places = pack_read_bytes(&u, (size_t)m->place_count * PLACE_OCTETS);
	m->outcomes = u;
	/* one block alone is the data of the record */
	return !u.broken && m->rcpt_count <= ENVELOPE_RECIPIENTS_MAX && m->place_count != 1;
}

struct content *letter_content(const struct letter *m, struct content_budget *b, uint64_t data_at,
	uint32_t data_octets, uint64_t data_sum)
{
	size_t count = m->place_count ? m->place_count : data_octets > 0;
	struct content *c = content_new(b, count);
	struct pack_reader u = { .rest = m->places };

	if (m->place_count == 0 && data_octets > 0)
		c->blocks[0].place = (struct content_place){ data_at, data_sum, data_octets };
	for (size_t i = 0; i < m->place_count; i++) {
		struct content_place *place = &c->blocks[i].place;

		place->at = pack_read_u64(&u);
		place->octets = pack_read_u32(&u);
		place->checksum = pack_read_u64(&u);
	}
	for (size_t i = 0; i < count; i++)
		c->octets += c->blocks[i].place.octets;
	return c;
}
