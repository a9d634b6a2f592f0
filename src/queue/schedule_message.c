/* queue/schedule: the table of all messages, most of them shelved. */
#include <assert.h>

#include "base/mem.h"
#include "queue/schedule_inside.h"

#define BUCKETS_MIN 64

void schedule_messages_init(struct schedule_messages *t)
{
	*t = (struct schedule_messages){ .bucket_count = BUCKETS_MIN, .oldest_known = true };
	t->buckets = mem_zero(BUCKETS_MIN * sizeof(struct schedule_message *));
	list_init(&t->opened);
}

/* Ids are ours, no stranger chooses them; they only have to be spread. */
static size_t bucket_of(size_t bucket_count, uint64_t id)
{
	return id * 0x9e3779b97f4a7c15u >> 24 & (bucket_count - 1);
}

static void widen(struct schedule_messages *t)
{
	size_t wide = t->bucket_count * 2;
	struct schedule_message **buckets = mem_zero(wide * sizeof(struct schedule_message *));

	for (size_t i = 0; i < t->bucket_count; i++) {
		struct schedule_message *e = t->buckets[i];

		while (e) {
			struct schedule_message *next = e->next;
			struct schedule_message **at = &buckets[bucket_of(wide, e->id)];

			e->next = *at;
			*at = e;
			e = next;
		}
	}
	mem_free(t->buckets);
	t->buckets = buckets;
	t->bucket_count = wide;
}

struct schedule_message *schedule_message_find(const struct schedule_messages *t, uint64_t id)
{
	struct schedule_message *e = t->buckets[bucket_of(t->bucket_count, id)];

	while (e && e->id != id)
		e = e->next;
	return e;
}

struct schedule_message *schedule_message_next(
	const struct schedule_messages *t, const struct schedule_message *previous)
{
	size_t i = previous ? bucket_of(t->bucket_count, previous->id) + 1 : 0;

	if (previous && previous->next)
		return previous->next;
	while (i < t->bucket_count && !t->buckets[i])
		i++;
	return i < t->bucket_count ? t->buckets[i] : NULL;
}

static bool is_open(const struct schedule_message *e)
{
	return !e->content; /* a promise has it */
}

static int64_t received_ms(const struct schedule_message *e)
{
	return is_open(e) ? e->open->envelope.received_ms : shelf_received_ms(e->shelved);
}

static void note_oldest(struct schedule_messages *t, int64_t received_ms)
{
	if (t->oldest_ms == 0 || received_ms < t->oldest_ms)
		t->oldest_ms = received_ms;
}

static void set_open(struct schedule_messages *t, struct schedule_message *e, struct promise *m)
{
	e->open = m;
	e->content = NULL;
	m->listed = e;
	list_append(&t->opened, &m->opened);
}

struct schedule_message *schedule_message_add(struct schedule_messages *t, struct promise *m)
{
	struct schedule_message *e = MEM_NEW(struct schedule_message), **bucket;

	assert(!schedule_message_find(t, m->envelope.id));
	if (t->count == t->bucket_count)
		widen(t);
	e->id = m->envelope.id;
	list_init(&e->jobs);
	bucket = &t->buckets[bucket_of(t->bucket_count, e->id)];
	e->next = *bucket;
	*bucket = e;
	t->count++;
	t->waiting += m->waiting;
	set_open(t, e, m);
	if (t->oldest_known)
		note_oldest(t, received_ms(e));
	return e;
}

static void entry_free(struct schedule_messages *t, struct schedule_message *e)
{
	assert(list_empty(&e->jobs));
	if (is_open(e)) {
		list_remove(&e->open->opened);
		e->open->listed = NULL;
		promise_drop(e->open);
	} else {
		shelf_free(e->shelved, &t->words);
		content_drop(e->content);
	}
	mem_free(e);
}

void schedule_message_remove(struct schedule_messages *t, struct schedule_message *e)
{
	struct schedule_message **at = &t->buckets[bucket_of(t->bucket_count, e->id)];

	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	t->count--;
	if (t->oldest_known && received_ms(e) == t->oldest_ms) {
		t->oldest_known = t->count == 0;
		t->oldest_ms = 0;
	}
	entry_free(t, e);
}

void schedule_messages_free(struct schedule_messages *t)
{
	for (size_t i = 0; i < t->bucket_count; i++) {
		struct schedule_message *e = t->buckets[i];

		while (e) {
			struct schedule_message *next = e->next;

			entry_free(t, e);
			e = next;
		}
	}
	mem_free(t->buckets);
	intern_free(&t->words);
	buf_free(&t->scratch);
	*t = (struct schedule_messages){ 0 };
}

/* --- open and shelved ---------------------------------------------------------------------------
 */

struct promise *schedule_message_open(struct schedule_messages *t, struct schedule_message *e)
{
	struct shelf *shelved = e->shelved;
	struct content *content = e->content;

	if (is_open(e))
		return e->open;
	set_open(t, e, shelf_open(shelved, content));
	shelf_free(shelved, &t->words);
	content_drop(content);
	return e->open;
}

/* The references of others come from ours: while there is no other, none can come. */
static bool held_by_others(const struct promise *m)
{
	return __atomic_load_n(&m->references, __ATOMIC_ACQUIRE) > 1;
}

void schedule_message_shelve(struct schedule_messages *t, struct schedule_message *e)
{
	struct promise *m = e->open;

	if (!is_open(e) || held_by_others(m))
		return;
	list_remove(&m->opened);
	m->listed = NULL;
	e->content = content_keep(m->content);
	e->shelved = shelf_pack(m, &t->words, &t->scratch);
	promise_drop(m);
}

void schedule_messages_shelve(struct schedule_messages *t)
{
	for (unsigned n = 0; n < SCHEDULE_SHELVE_STEP && !list_empty(&t->opened); n++) {
		struct promise *m = AROUND(list_first(&t->opened), struct promise, opened);

		list_remove(&m->opened);
		list_append(&t->opened, &m->opened); /* behind the others, where it stays open */
		schedule_message_shelve(t, m->listed);
	}
}

/* --- for people --------------------------------------------------------------------------------
 */

struct promise *schedule_find(struct schedule *s, uint64_t id)
{
	struct schedule_message *e = schedule_message_find(&s->messages, id);

	return e ? schedule_message_open(&s->messages, e) : NULL;
}

bool schedule_mentions(const struct schedule *s, uint64_t id, str text)
{
	const struct schedule_message *e = schedule_message_find(&s->messages, id);

	return e && (is_open(e) || shelf_mentions(e->shelved, text));
}

bool schedule_has(const struct schedule *s, uint64_t id)
{
	return schedule_message_find(&s->messages, id);
}

struct promise *schedule_look(struct schedule *s, uint64_t id)
{
	struct schedule_message *e = schedule_message_find(&s->messages, id);

	if (!e)
		return NULL;
	return is_open(e) ? promise_keep(e->open) : shelf_open(e->shelved, e->content);
}

struct schedule_sum schedule_sum(struct schedule *s)
{
	struct schedule_messages *t = &s->messages;

	for (const struct schedule_message *e = schedule_message_next(t, NULL);
		e && !t->oldest_known; e = schedule_message_next(t, e))
		note_oldest(t, received_ms(e));
	t->oldest_known = true;
	return (struct schedule_sum){
		.messages = t->count, .recipients = t->waiting, .oldest_ms = t->oldest_ms
	};
}
