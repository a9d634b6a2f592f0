#include "queue/pack.h"

#include <assert.h>

void pack_u8(struct buf *to, unsigned v)
{
	assert(v <= UINT8_MAX);
	buf_put_char(to, (char)v);
}

void pack_u32(struct buf *to, uint32_t v)
{
	char bytes[4];

	pack_set32(bytes, v);
	buf_put(to, str_from(bytes, sizeof bytes));
}

void pack_u64(struct buf *to, uint64_t v)
{
	char bytes[8];

	pack_set64(bytes, v);
	buf_put(to, str_from(bytes, sizeof bytes));
}

void pack_str(struct buf *to, str s)
{
	assert(s.n <= UINT32_MAX);
	pack_u32(to, (uint32_t)s.n);
	buf_put(to, s);
}

str pack_read_bytes(struct pack_reader *u, size_t n)
{
	str bytes = str_first(u->rest, n);

	if (u->broken || bytes.n < n) {
		u->broken = true;
		return (str){ 0 };
	}
	u->rest = str_skip(u->rest, n);
	return bytes;
}

uint8_t pack_read_u8(struct pack_reader *u)
{
	str bytes = pack_read_bytes(u, 1);

	return bytes.n ? (uint8_t)bytes.p[0] : 0;
}

uint32_t pack_read_u32(struct pack_reader *u)
{
	str bytes = pack_read_bytes(u, 4);

	return bytes.n ? pack_get32(bytes.p) : 0;
}

uint64_t pack_read_u64(struct pack_reader *u)
{
	str bytes = pack_read_bytes(u, 8);

	return bytes.n ? pack_get64(bytes.p) : 0;
}

str pack_read_str(struct pack_reader *u)
{
	return pack_read_bytes(u, pack_read_u32(u));
}

void pack_number(struct buf *to, uint64_t v)
{
	char bytes[10];
	size_t n = 0;

	for (; v > 127; v >>= 7)
		bytes[n++] = (char)(v | 128);
	bytes[n++] = (char)v;
	buf_put(to, str_from(bytes, n));
}

uint64_t pack_read_number(struct pack_reader *u, uint64_t max)
{
	uint64_t v = 0;
	uint8_t octet = 128;

	for (unsigned shift = 0; octet & 128; shift += 7) {
		octet = pack_read_u8(u);
		/* one form only: no needless zero at the end, and not more than 64 bits */
		if (shift > 63 || (shift > 0 && octet == 0) || (shift == 63 && octet > 1)) {
			u->broken = true;
			return 0;
		}
		v |= (uint64_t)(octet & 127) << shift;
	}
	if (v > max)
		u->broken = true;
	return u->broken ? 0 : v;
}

void pack_text(struct buf *to, str s)
{
	pack_number(to, s.n);
	buf_put(to, s);
}

str pack_read_text(struct pack_reader *u)
{
	return pack_read_bytes(u, (size_t)pack_read_number(u, SIZE_MAX));
}
