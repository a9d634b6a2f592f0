#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"

#define KEEP_OCTETS_MAX 1024 /* an empty buf keeps no more memory than this */

str buf_str(const struct buf *b)
{
	return (str){ b->p ? b->p + b->start : NULL, b->end - b->start };
}

/* Make room for n more bytes at the end. */
static bool reserve(struct buf *b, size_t n)
{
	size_t used = b->end - b->start;
	size_t size = b->size ? b->size : 128;

	if (n > SIZE_MAX / 2 - used || (b->limit_octets && used + n > b->limit_octets))
		return false;
	if (b->size - b->end >= n && b->size)
		return true;
	if (b->start > 0) {
		memmove(b->p, b->p + b->start, used);
		b->start = 0;
		b->end = used;
	}
	while (size < used + n)
		size *= 2;
	if (size > b->size) {
		b->p = mem_grow(b->p, size);
		b->size = size;
	}
	return true;
}

bool buf_add(struct buf *b, str s)
{
	if (!reserve(b, s.n))
		return false;
	if (s.n > 0)
		memcpy(b->p + b->end, s.p, s.n);
	b->end += s.n;
	return true;
}

static bool add_format(struct buf *b, const char *format, va_list args)
{
	va_list again;
	int n;

	va_copy(again, args);
	n = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (n < 0 || !reserve(b, (size_t)n + 1))
		return false;
	vsnprintf(b->p + b->end, (size_t)n + 1, format, args);
	b->end += (size_t)n;
	return true;
}

bool buf_printf(struct buf *b, const char *format, ...)
{
	va_list args;
	bool added;

	va_start(args, format);
	added = add_format(b, format, args);
	va_end(args);
	return added;
}

void buf_put(struct buf *b, str s)
{
	bool added = buf_add(b, s);

	assert(added);
}

void buf_put_char(struct buf *b, char c)
{
	buf_put(b, (str){ &c, 1 });
}

void buf_putf(struct buf *b, const char *format, ...)
{
	va_list args;
	bool added;

	va_start(args, format);
	added = add_format(b, format, args);
	va_end(args);
	assert(added);
}

void buf_take(struct buf *b, size_t n)
{
	assert(n <= b->end - b->start);
	b->start += n;
	if (b->start < b->end)
		return;
	b->start = b->end = 0;
	if (b->size > KEEP_OCTETS_MAX)
		buf_free(b);
}

void buf_clear(struct buf *b)
{
	b->start = b->end = 0;
}

void buf_free(struct buf *b)
{
	mem_free(b->p);
	*b = (struct buf){ .limit_octets = b->limit_octets };
}
