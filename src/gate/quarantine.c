#include "gate/quarantine.h"

#include <assert.h>
#include <stdatomic.h>

#include "base/mem.h"

struct quarantine {
	atomic_flag busy; /* held for a few sums only */
	struct quarantine_sum now;
};

struct quarantine *quarantine_new(void)
{
	return MEM_NEW(struct quarantine);
}

void quarantine_free(struct quarantine *q)
{
	mem_free(q);
}

static void lock(struct quarantine *q)
{
	while (atomic_flag_test_and_set_explicit(&q->busy, memory_order_acquire))
		;
}

static void unlock(struct quarantine *q)
{
	atomic_flag_clear_explicit(&q->busy, memory_order_release);
}

static void enter(struct quarantine *q, uint64_t octets)
{
	q->now.messages++;
	q->now.octets += octets;
}

static bool full(const struct conf *conf, const char *word, struct fail *why)
{
	fail_reply(why, 452, "4.2.2",
		"DMARC says to quarantine this, and the quarantine is full (%s): try again later",
		word);
	if (!why)
		return false;
	why->limit = word;
	conf_where_print(conf, S("quarantine"), str_of(word), why->origin);
	return false;
}

bool quarantine_take(
	struct quarantine *q, const struct conf *conf, uint64_t octets, struct fail *why)
{
	const struct conf_quarantine *limits = &conf->quarantine;
	bool too_many, too_large;

	lock(q);
	too_many = q->now.messages >= limits->messages_max;
	/* not a sum: lowered limits may be far below what is there */
	too_large = octets > limits->octets_max || q->now.octets > limits->octets_max - octets;
	if (!too_many && !too_large)
		enter(q, octets);
	unlock(q);
	if (too_many)
		return full(conf, "messages", why);
	return !too_large || full(conf, "space", why);
}

void quarantine_found(struct quarantine *q, uint64_t octets)
{
	lock(q);
	enter(q, octets);
	unlock(q);
}

void quarantine_leave(struct quarantine *q, uint64_t octets)
{
	lock(q);
	assert(q->now.messages > 0 && q->now.octets >= octets);
	q->now.messages--;
	q->now.octets -= octets;
	unlock(q);
}

struct quarantine_sum quarantine_sum(struct quarantine *q)
{
	struct quarantine_sum sum;

	lock(q);
	sum = q->now;
	unlock(q);
	return sum;
}
