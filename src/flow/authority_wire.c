#include "flow/authority_wire.h"

#define ADDRESS_OCTETS 17 /* family and bytes */

static void put_bytes(struct buf *to, const void *from, size_t n)
{
	buf_put(to, str_from(from, n));
}

static void put_address(struct buf *to, const struct ip *ip)
{
	buf_put_char(to, (char)ip->family);
	put_bytes(to, ip->bytes, sizeof ip->bytes);
}

/* A field of a fixed size, with how much of it counts in front. */
static void put_part(struct buf *to, const unsigned char *from, size_t n, size_t size)
{
	buf_put_char(to, (char)n);
	put_bytes(to, from, size);
}

void authority_wire_put_question(const struct authority_question *q, struct buf *to)
{
	const struct sasl_binding *b = &q->binding;

	buf_put_char(to, (char)q->mechanism);
	buf_put_char(to, q->plus_offered ? 1 : 0);
	buf_put_char(to, q->initial ? 1 : 0);
	put_address(to, &q->client);
	put_address(to, &q->local);
	put_part(to, b->exporter, b->exporter_octets, sizeof b->exporter);
	put_part(to, b->end_point, b->end_point_octets, sizeof b->end_point);
}

static unsigned char take_byte(str *bytes)
{
	unsigned char c = (unsigned char)bytes->p[0];

	*bytes = str_skip(*bytes, 1);
	return c;
}

static bool take_address(str *bytes, struct ip *ip)
{
	ip->family = take_byte(bytes);
	memcpy(ip->bytes, bytes->p, sizeof ip->bytes);
	*bytes = str_skip(*bytes, sizeof ip->bytes);
	return ip->family == 0 || ip->family == 4 || ip->family == 6;
}

static bool take_part(str *bytes, unsigned char *to, size_t *n, size_t size)
{
	*n = take_byte(bytes);
	memcpy(to, bytes->p, size);
	*bytes = str_skip(*bytes, size);
	return *n <= size;
}

bool authority_wire_take_question(str bytes, struct authority_question *q)
{
	struct sasl_binding *b = &q->binding;
	unsigned char plus, initial;

	*q = (struct authority_question){ 0 };
	if (bytes.n != 3 + 2 * ADDRESS_OCTETS + 1 + sizeof b->exporter + 1 + sizeof b->end_point)
		return false;
	q->mechanism = take_byte(&bytes);
	plus = take_byte(&bytes);
	initial = take_byte(&bytes);
	q->plus_offered = plus == 1;
	q->initial = initial == 1;
	return sasl_mechanism_name(q->mechanism)[0] && plus <= 1 && initial <= 1 &&
	       take_address(&bytes, &q->client) && take_address(&bytes, &q->local) &&
	       take_part(&bytes, b->exporter, &b->exporter_octets, sizeof b->exporter) &&
	       take_part(&bytes, b->end_point, &b->end_point_octets, sizeof b->end_point);
}

static void put_text(struct buf *to, const char *text)
{
	buf_put(to, str_of(text));
	buf_put_char(to, '\0');
}

void authority_wire_put_refusal(const struct fail *why, const char *reason, struct buf *to)
{
	int code = fail_code(why);

	buf_put_char(to, why->kind == FAIL_PERMANENT ? 'P' : 'T');
	buf_put_char(to, (char)(code >> 8));
	buf_put_char(to, (char)(code & 0xff));
	put_text(to, why->status);
	put_text(to, why->text);
	put_text(to, reason);
}

bool authority_wire_take_refusal(str bytes, struct fail *why, str *reason)
{
	char status[sizeof why->status];
	str parts[3];
	int code;

	if (bytes.n < 3 || (bytes.p[0] != 'P' && bytes.p[0] != 'T'))
		return false;
	code = (unsigned char)bytes.p[1] << 8 | (unsigned char)bytes.p[2];
	if (code < 400 || code > 599 || (code < 500) != (bytes.p[0] == 'T'))
		return false;
	bytes = str_skip(bytes, 3);
	for (size_t i = 0; i < LENGTH(parts); i++) {
		size_t n = str_find(bytes, '\0');

		if (n == bytes.n)
			return false;
		parts[i] = str_first(bytes, n);
		bytes = str_skip(bytes, n + 1);
	}
	if (bytes.n > 0 || parts[0].n >= sizeof status || parts[1].n >= FAIL_TEXT_MAX)
		return false;
	fail_reply(why, code, str_to_c(parts[0], status, sizeof status), "%.*s", STR(parts[1]));
	*reason = parts[2];
	return true;
}
