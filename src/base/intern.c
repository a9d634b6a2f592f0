#include "base/intern.h"

#include <assert.h>

#include "base/map.h"
#include "base/mem.h"

#define BUCKETS_MIN 16

struct intern_text {
	struct intern_text *next; /* in its bucket */
	uint32_t references, octets;
	char bytes[];
};

static struct intern_text **bucket_of(struct intern_text **buckets, size_t count, str bytes)
{
	return &buckets[map_hash(bytes) & (count - 1)];
}

static void widen(struct intern *set)
{
	size_t wide = set->bucket_count ? set->bucket_count * 2 : BUCKETS_MIN;
	struct intern_text **buckets = mem_zero(wide * sizeof *buckets);

	for (size_t i = 0; i < set->bucket_count; i++) {
		struct intern_text *t = set->buckets[i];

		while (t) {
			struct intern_text *next = t->next;
			struct intern_text **at = bucket_of(buckets, wide, intern_bytes(t));

			t->next = *at;
			*at = t;
			t = next;
		}
	}
	mem_free(set->buckets);
	set->buckets = buckets;
	set->bucket_count = wide;
}

str intern_bytes(const struct intern_text *t)
{
	return str_from(t->bytes, t->octets);
}

struct intern_text *intern_keep(struct intern *set, str bytes)
{
	struct intern_text **at, *t;

	if (set->count == set->bucket_count)
		widen(set);
	at = bucket_of(set->buckets, set->bucket_count, bytes);
	for (t = *at; t; t = t->next)
		if (str_eq(intern_bytes(t), bytes))
			return intern_again(t);
	assert(bytes.n <= UINT32_MAX);
	t = mem_alloc(sizeof *t + bytes.n);
	*t = (struct intern_text){ .next = *at, .references = 1, .octets = (uint32_t)bytes.n };
	if (bytes.n > 0)
		memcpy(t->bytes, bytes.p, bytes.n);
	*at = t;
	set->count++;
	return t;
}

struct intern_text *intern_again(struct intern_text *t)
{
	assert(t->references < UINT32_MAX);
	t->references++;
	return t;
}

void intern_drop(struct intern *set, struct intern_text *t)
{
	struct intern_text **at;

	if (!t || --t->references > 0)
		return;
	at = bucket_of(set->buckets, set->bucket_count, intern_bytes(t));
	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	set->count--;
	mem_free(t);
}

void intern_free(struct intern *set)
{
	for (size_t i = 0; i < set->bucket_count; i++) {
		struct intern_text *t = set->buckets[i];

		while (t) {
			struct intern_text *next = t->next;

			mem_free(t);
			t = next;
		}
	}
	mem_free(set->buckets);
	*set = (struct intern){ 0 };
}
