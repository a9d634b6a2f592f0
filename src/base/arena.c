#include "base/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"

struct arena_page {
	struct arena_page *next;
	size_t used, size; /* of bytes */
	alignas(max_align_t) char bytes[];
};

#define PAGE_OCTETS_MIN 448 /* so that an idle session stays small */
#define PAGE_OCTETS_MAX 16384

void arena_init(struct arena *a, size_t limit_octets)
{
	*a = (struct arena){ .limit_octets = limit_octets };
}

static struct arena_page *page_new(struct arena *a, size_t n)
{
	size_t size = a->held_octets < PAGE_OCTETS_MIN ? PAGE_OCTETS_MIN : a->held_octets;
	struct arena_page *page;

	if (size > PAGE_OCTETS_MAX)
		size = PAGE_OCTETS_MAX;
	if (size < n)
		size = n;
	if (size > a->limit_octets - a->held_octets)
		size = n;
	if (size > a->limit_octets - a->held_octets)
		return NULL;
	page = mem_alloc(sizeof *page + size);
	page->next = a->pages;
	page->used = 0;
	page->size = size;
	a->pages = page;
	a->held_octets += size;
	return page;
}

void *arena_alloc(struct arena *a, size_t n)
{
	struct arena_page *page = a->pages;
	void *p;

	if (n > a->limit_octets)
		return NULL;
	n = (n + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	if (!page || page->size - page->used < n)
		page = page_new(a, n);
	if (!page)
		return NULL;
	p = page->bytes + page->used;
	page->used += n;
	return memset(p, 0, n);
}

bool arena_keep(struct arena *a, str s, str *copy)
{
	char *p = s.n < SIZE_MAX ? arena_alloc(a, s.n + 1) : NULL;

	if (!p)
		return false;
	if (s.n > 0)
		memcpy(p, s.p, s.n);
	*copy = (str){ p, s.n };
	return true;
}

str arena_copy(struct arena *a, str s)
{
	str copy = { 0 };
	bool kept = arena_keep(a, s, &copy);

	assert(kept);
	return copy;
}

str arena_printf(struct arena *a, const char *format, ...)
{
	va_list args, again;
	int n;
	char *p;

	va_start(args, format);
	va_copy(again, args);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	assert(n >= 0);
	p = arena_alloc(a, (size_t)n + 1);
	assert(p);
	vsnprintf(p, (size_t)n + 1, format, again);
	va_end(again);
	return (str){ p, (size_t)n };
}

void arena_reset(struct arena *a)
{
	struct arena_page *page = a->pages;

	while (page && page->next) {
		struct arena_page *next = page->next;

		a->held_octets -= page->size;
		mem_free(page);
		page = next;
	}
	if (page)
		page->used = 0;
	a->pages = page;
}

void arena_free(struct arena *a)
{
	arena_reset(a);
	mem_free(a->pages);
	a->pages = NULL;
	a->held_octets = 0;
}
