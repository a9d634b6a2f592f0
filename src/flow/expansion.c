#include "flow/expansion.h"

#include "base/map.h"
#include "base/mem.h"
#include "flow/notice.h"

/* The recipients as they were written, each once. */
static size_t gather(const struct promise *m, bool of_lists, struct notice_rcpt *rcpts)
{
	struct map seen = { 0 };
	size_t count = 0;

	for (size_t i = 0; i < m->envelope.rcpt_count; i++) {
		const struct envelope_rcpt *rcpt = &m->envelope.rcpts[i];
		struct notice_rcpt *to = &rcpts[count];

		if (!(rcpt->notify & ENVELOPE_EXPANDED) || rcpt->has_sender != of_lists ||
			map_set(&seen, rcpt->original, rcpts))
			continue;
		*to = (struct notice_rcpt){
			.rcpt = (uint32_t)i, .ours = true, .of_original = true
		};
		fail_with(&to->reply, FAIL_NONE, "2.1.5", "%s",
			of_lists ? "given to the list" : "passed on to the addresses behind it");
		count++;
	}
	map_free(&seen);
	return count;
}

static bool any(const struct promise *m)
{
	for (size_t i = 0; i < m->envelope.rcpt_count; i++)
		if (m->envelope.rcpts[i].notify & ENVELOPE_EXPANDED)
			return true;
	return false;
}

void expansion_tell(struct flow *f, struct dispatch *d, struct promise *m)
{
	struct notice_rcpt *rcpts;
	size_t count;

	if (!any(m))
		return;
	rcpts = mem_zero(m->envelope.rcpt_count * sizeof *rcpts);
	count = gather(m, true, rcpts);
	if (count > 0)
		notice_send(f, d, m, DSN_DELIVERED, rcpts, count);
	count = gather(m, false, rcpts);
	if (count > 0)
		notice_send(f, d, m, DSN_EXPANDED, rcpts, count);
	mem_free(rcpts);
}
