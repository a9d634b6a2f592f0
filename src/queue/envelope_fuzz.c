/* Laws: any bytes are read or refused, within the memory allowed; what is read, writes back to the
 * same bytes.  The head of a record around it, and outcomes, likewise. */
#include "test/fuzz.h"

#include "queue/envelope.h"
#include "queue/letter.h"
#include "queue/outcome.h"

static void envelope_law(str input)
{
	struct buf again = { 0 };
	struct envelope e;
	struct arena a;
	struct fail why;

	arena_init(&a, 1 << 20);
	if (envelope_read(input, &a, &e, &why)) {
		envelope_write(&e, &again);
		LAW(str_eq(buf_str(&again), input));
	} else {
		LAW(why.kind != FAIL_NONE);
	}
	LAW(a.held_octets <= 1 << 20);
	buf_free(&again);
	arena_free(&a);
}

static void outcome_law(str input)
{
	struct pack_reader u = { .rest = input };
	struct buf again = { 0 };
	struct spool_rcpt rcpt;

	outcome_unpack(&u, &rcpt);
	if (!u.broken) {
		outcome_pack(&rcpt, &again);
		LAW(str_eq(buf_str(&again), str_first(input, input.n - u.rest.n)));
	}
	buf_free(&again);
}

static void letter_law(str input)
{
	struct buf again = { 0 };
	struct content_budget *budget;
	struct content *content;
	struct letter l;

	if (!letter_read(input, &l))
		return;
	budget = content_budget_new(0);
	content = letter_content(&l, budget, 0, 0, 0);
	LAW(content->block_count == l.place_count);
	buf_put(&again, l.before_places);
	letter_pack_places(content->blocks, content->block_count, 0, &again);
	buf_put(&again, l.outcomes.rest);
	LAW(str_eq(buf_str(&again), input));
	content_drop(content);
	content_budget_drop(budget);
	buf_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	envelope_law(str_from(data, size));
	outcome_law(str_from(data, size));
	letter_law(str_from(data, size));
	return 0;
}
