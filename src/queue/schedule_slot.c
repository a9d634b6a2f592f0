/* queue/schedule: slots, each the right to hold one connection. */
#include "base/mem.h"
#include "queue/schedule_inside.h"

struct schedule_slot *schedule_slot_new(struct schedule *s, struct schedule_destination *d)
{
	struct schedule_slot *slot = MEM_NEW(struct schedule_slot);

	list_init(&slot->link);
	list_init(&slot->of_all);
	slot->destination = d;
	slot->worker = s->next_worker++ % s->workers;
	d->slots++;
	d->provider->slots++;
	s->slots++;
	return slot;
}

void schedule_slot_take(struct schedule *s, struct schedule_slot *slot)
{
	list_remove(&slot->link);
	list_remove(&slot->of_all);
	heap_remove(&s->idle, &slot->close);
}

void schedule_slot_close(struct schedule *s, struct schedule_slot *slot)
{
	schedule_slot_take(s, slot);
	slot->closing = true;
	slot->destination->closing++;
	slot->destination->provider->closing++;
	s->closing++;
}

void schedule_slot_free(struct schedule *s, struct schedule_slot *slot)
{
	struct schedule_destination *d = slot->destination;

	schedule_slot_take(s, slot);
	d->slots--;
	d->closing -= slot->closing;
	d->provider->slots--;
	d->provider->closing -= slot->closing;
	s->slots--;
	s->closing -= slot->closing;
	mem_free(slot);
}

/* A connection that waits for nothing but the delay of its own provider is worth keeping; one that
 * has carried all that it may is not. */
static int64_t idle_ms_max(const struct schedule_slot *slot)
{
	const struct schedule_provider *p = slot->destination->provider;
	int64_t delay_ms = p->delay_ms > p->spacing_ms ? p->delay_ms : p->spacing_ms;

	if (slot->mails >= p->messages_per_connection)
		return 0;
	if (slot->destination->job_count == 0 || delay_ms > SCHEDULE_IDLE_DELAY_MS_MAX)
		return SCHEDULE_IDLE_MS;
	return SCHEDULE_IDLE_MS + delay_ms;
}

void schedule_slot_put_by(struct schedule *s, struct schedule_slot *slot, int64_t now_ms)
{
	list_append(&slot->destination->idle, &slot->link);
	list_append(&slot->destination->provider->idle, &slot->of_all);
	heap_set(&s->idle, &slot->close, now_ms + idle_ms_max(slot));
}

struct schedule_slot *schedule_slot_to_hang_up(struct schedule *s, int64_t now_ms)
{
	struct heap_node *first = heap_first(&s->idle);

	if (!first)
		return NULL;
	if (first->at > now_ms && !s->stopping && s->slots - s->closing < SCHEDULE_SLOTS_MAX)
		return NULL;
	return AROUND(first, struct schedule_slot, close);
}
