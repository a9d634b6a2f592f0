#include "queue/outcome.h"

void outcome_pack(const struct spool_rcpt *rcpt, struct buf *to)
{
	pack_u8(to, rcpt->state);
	pack_u32(to, rcpt->attempts);
	pack_u64(to, (uint64_t)rcpt->next_ms);
	pack_u8(to, rcpt->last.kind);
	pack_u32(to, (uint32_t)rcpt->last.code);
	pack_str(to, str_of(rcpt->last.status));
	pack_str(to, str_of(rcpt->last.text));
	pack_str(to, str_of(rcpt->last.origin));
}

static void unpack_text(struct pack_reader *u, char *to, size_t size)
{
	str text = pack_read_str(u);

	if (text.n >= size || str_has(text, '\0'))
		u->broken = true;
	else
		str_to_c(text, to, size);
}

void outcome_unpack(struct pack_reader *u, struct spool_rcpt *rcpt)
{
	uint8_t state = pack_read_u8(u), kind;

	*rcpt = (struct spool_rcpt){ 0 };
	rcpt->attempts = pack_read_u32(u);
	rcpt->next_ms = (int64_t)pack_read_u64(u);
	kind = pack_read_u8(u);
	rcpt->last.code = (int)pack_read_u32(u);
	unpack_text(u, rcpt->last.status, sizeof rcpt->last.status);
	unpack_text(u, rcpt->last.text, sizeof rcpt->last.text);
	unpack_text(u, rcpt->last.origin, sizeof rcpt->last.origin);
	if (state > SPOOL_HELD || kind > FAIL_PERMANENT) {
		u->broken = true;
		return;
	}
	rcpt->state = (enum spool_rcpt_state)state;
	rcpt->last.kind = (enum fail_kind)kind;
}

bool outcome_ended(const struct spool_rcpt *rcpt)
{
	return spool_rcpt_ended(rcpt->state);
}
