#include "queue/outcome.h"

void outcome_pack_words(const struct fail *last, struct buf *to)
{
	pack_u8(to, last->kind);
	pack_u32(to, (uint32_t)last->code);
	pack_str(to, str_of(last->status));
	pack_str(to, str_of(last->text));
	pack_str(to, str_of(last->origin));
}

void outcome_pack_head(
	enum spool_rcpt_state state, unsigned attempts, int64_t next_ms, struct buf *to)
{
	pack_u8(to, state);
	pack_u32(to, attempts);
	pack_u64(to, (uint64_t)next_ms);
}

void outcome_pack(const struct spool_rcpt *rcpt, struct buf *to)
{
	outcome_pack_head(rcpt->state, rcpt->attempts, rcpt->next_ms, to);
	outcome_pack_words(&rcpt->last, to);
}

static void unpack_text(struct pack_reader *u, char *to, size_t size)
{
	str text = pack_read_str(u);

	if (text.n >= size || str_has(text, '\0'))
		u->broken = true;
	else
		str_to_c(text, to, size);
}

void outcome_unpack_words(struct pack_reader *u, struct fail *last)
{
	uint8_t kind = pack_read_u8(u);

	*last = (struct fail){ 0 };
	last->code = (int)pack_read_u32(u);
	unpack_text(u, last->status, sizeof last->status);
	unpack_text(u, last->text, sizeof last->text);
	unpack_text(u, last->origin, sizeof last->origin);
	if (kind > FAIL_PERMANENT)
		u->broken = true;
	else
		last->kind = (enum fail_kind)kind;
}

void outcome_unpack(struct pack_reader *u, struct spool_rcpt *rcpt)
{
	uint8_t state = pack_read_u8(u);

	*rcpt = (struct spool_rcpt){ 0 };
	rcpt->attempts = pack_read_u32(u);
	rcpt->next_ms = (int64_t)pack_read_u64(u);
	outcome_unpack_words(u, &rcpt->last);
	if (state > SPOOL_HELD)
		u->broken = true;
	else
		rcpt->state = (enum spool_rcpt_state)state;
}

bool outcome_ended(const struct spool_rcpt *rcpt)
{
	return spool_rcpt_ended(rcpt->state);
}
