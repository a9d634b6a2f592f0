/* The simulated world counts facts in memory: nobody loses them there, and nobody reads them but
 * the one who looks at the number. */
#include "world/daybook.h"

#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"

struct daybook {
	struct map facts; /* by day, topic and fact: how often, as a pointer */
};

struct daybook *daybook_open(str path, unsigned days, struct fail *why)
{
	(void)path;
	(void)days;
	(void)why;
	return MEM_NEW(struct daybook);
}

void daybook_close(struct daybook *t)
{
	if (!t)
		return;
	map_free(&t->facts);
	mem_free(t);
}

void daybook_add(struct daybook *t, int64_t day, str topic, str fact)
{
	struct buf key = { 0 };

	if (!t || topic.n + fact.n > DAYBOOK_OCTETS_MAX || t->facts.count >= DAYBOOK_FACTS_MAX)
		return;
	buf_putf(&key, "%lld %.*s %.*s", (long long)day, STR(topic), STR(fact));
	map_set(&t->facts, buf_str(&key),
		(void *)((uintptr_t)map_get(&t->facts, buf_str(&key)) + 1));
	buf_free(&key);
}

void daybook_days(struct daybook *t, unsigned days)
{
	(void)t;
	(void)days;
}

bool daybook_read(str path, str topic, daybook_each *each, void *owner, struct fail *why)
{
	(void)path;
	(void)topic;
	(void)each;
	(void)owner;
	return fail_with(why, FAIL_TEMPORARY, "4.3.0", "the simulated world is not read");
}
