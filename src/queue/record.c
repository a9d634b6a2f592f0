#include "queue/record.h"

#include <xxhash.h>

#include "queue/pack.h"

#define MAGIC 0x43455246u /* "FREC" */

/* The sum of the header covers all before itself. */
#define SUMMED_OCTETS (RECORD_HEADER_OCTETS - 8)

uint64_t record_sum(str bytes)
{
	return XXH3_64bits(bytes.n ? bytes.p : "", bytes.n);
}

static uint64_t header_sum(const char *header, const struct record_site *site)
{
	uint64_t place = (uint64_t)site->segment << 32 | site->offset;

	return XXH3_64bits_withSeed(header, SUMMED_OCTETS, site->salt + place);
}

void record_write(
	const struct record *r, const struct record_site *site, char to[RECORD_HEADER_OCTETS])
{
	pack_set32(to, MAGIC);
	pack_set32(to + 4, r->type);
	pack_set32(to + 8, r->head_octets);
	pack_set32(to + 12, r->data_octets);
	pack_set64(to + 16, r->id);
	pack_set64(to + 24, r->sequence);
	pack_set32(to + 32, r->gap);
	pack_set32(to + 36, r->doubt);
	pack_set64(to + 40, r->head_sum);
	pack_set64(to + 48, r->data_sum);
	pack_set64(to + 56, header_sum(to, site));
}

bool record_read(str bytes, const struct record_site *site, struct record *r)
{
	uint32_t type;

	if (bytes.n < RECORD_HEADER_OCTETS || pack_get32(bytes.p) != MAGIC ||
		pack_get64(bytes.p + SUMMED_OCTETS) != header_sum(bytes.p, site))
		return false;
	type = pack_get32(bytes.p + 4);
	*r = (struct record){
		.type = (enum record_type)type,
		.head_octets = pack_get32(bytes.p + 8),
		.data_octets = pack_get32(bytes.p + 12),
		.id = pack_get64(bytes.p + 16),
		.sequence = pack_get64(bytes.p + 24),
		.gap = pack_get32(bytes.p + 32),
		.doubt = pack_get32(bytes.p + 36),
		.head_sum = pack_get64(bytes.p + 40),
		.data_sum = pack_get64(bytes.p + 48),
	};
	return type >= RECORD_BLOCK && type <= RECORD_UPDATES &&
	       r->head_octets <= RECORD_HEAD_MAX && r->data_octets <= RECORD_DATA_MAX &&
	       r->gap <= r->sequence && r->doubt <= r->sequence;
}

/* A record stands at the site.  False: it cannot be one of this log. */
static bool walk_take(struct record_walk *w)
{
	str rest = str_skip(w->bytes, w->site.offset);
	uint64_t octets;

	if (!record_read(rest, &w->site, &w->record) || w->record.sequence <= w->sequence)
		return false;
	octets = record_octets(w->record.head_octets, w->record.data_octets);
	if (octets > rest.n)
		return false;
	w->head = str_first(str_skip(rest, RECORD_HEADER_OCTETS), w->record.head_octets);
	w->data = str_first(str_skip(rest, RECORD_HEADER_OCTETS + w->record.head_octets),
		w->record.data_octets);
	w->rotten = record_sum(w->head) != w->record.head_sum ||
		    record_sum(w->data) != w->record.data_sum;
	w->sequence = w->record.sequence;
	w->offset = w->site.offset;
	w->site.offset += (uint32_t)octets;
	return true;
}

bool record_walk_next(struct record_walk *w)
{
	w->strange_octets = 0;
	while (w->site.offset + RECORD_HEADER_OCTETS <= w->bytes.n) {
		const char *at = w->bytes.p + w->site.offset;

		if (pack_get32(at) == MAGIC && walk_take(w))
			return true;
		if (pack_get64(at) != 0)
			w->strange_octets += RECORD_ALIGN;
		w->site.offset += RECORD_ALIGN;
	}
	return false;
}
