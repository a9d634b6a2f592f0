#include "flow/addressing.h"

#include "base/list.h"
#include "base/log.h"

void addressing_log_failed(uint64_t id, const struct route_ask *ask)
{
	struct log_record r;

	log_open(&r, LOG_WARNING, "table-failed");
	log_id(&r, "id", id);
	log_c(&r, "of", "address");
	log_str(&r, "table", ask->failed->name);
	log_str(&r, "key", ask->key);
	log_fail(&r, &ask->cause);
	log_close(&r);
}

/* False: a table must be asked first. */
static bool tell(struct addressing *a)
{
	struct route_ask ask = { .asking = &a->asking };

	arena_reset(&a->step);
	a->ok = route_expand_asking(
		a->router, &ask, &a->step, a->address, &a->targets, &a->why, NULL, NULL);
	if (!a->ok && ask.waits)
		return false;
	if (ask.failed)
		addressing_log_failed(a->id, &ask);
	a->table_failed = !a->ok && ask.failed;
	return true;
}

static void answered(void *owner)
{
	struct addressing *a = owner;

	if (tell(a) || !asking_wait(&a->asking, answered, a))
		a->done(a);
}

bool addressing_begin(struct addressing *a, struct loop *l, struct router *r, uint64_t id,
	str address, void (*done)(struct addressing *a))
{
	addressing_end(a);
	*a = (struct addressing){ .done = done, .router = router_keep(r), .id = id };
	arena_init(&a->step, ADDRESSING_OCTETS_MAX);
	asking_init(&a->asking, l);
	if (!arena_keep(&a->asking.arena, address, &a->address))
		a->address = S(""); /* an empty arena has room for an address */
	return tell(a) || !asking_wait(&a->asking, answered, a);
}

void addressing_end(struct addressing *a)
{
	if (!a->router)
		return;
	asking_free(&a->asking);
	arena_free(&a->step);
	router_drop(a->router);
	a->router = NULL;
}
