#include "dns/packet.h"

#define NAME_WIRE_MAX 255 /* RFC 1035 section 2.3.4 */
#define POINTER 0xc0      /* the two bits that make a label a pointer, section 4.1.4 */

/* A place in a packet; taking beyond its end is an error that sticks. */
struct cursor {
	str packet;
	size_t at;
	bool good;
};

static unsigned take(struct cursor *c, size_t n)
{
	unsigned value = 0;

	c->good = c->good && c->packet.n - c->at >= n;
	for (size_t i = 0; c->good && i < n; i++)
		value = value << 8 | (unsigned char)c->packet.p[c->at++];
	return value;
}

static void skip(struct cursor *c, size_t n)
{
	c->good = c->good && c->packet.n - c->at >= n;
	if (c->good)
		c->at += n;
}

/* Take a name, uncompressed into to.  A pointer must lead back, before the labels that led to it:
 * so it ends. */
static size_t take_name(struct cursor *c, char to[NAME_WIRE_MAX])
{
	struct cursor label = *c;
	size_t n = 0, low = c->at;
	bool jumped = false;

	while (label.good) {
		unsigned size = take(&label, 1);

		if (size >= POINTER) {
			size_t target = (size_t)(size & ~POINTER) << 8 | take(&label, 1);

			if (!jumped)
				c->at = label.at;
			jumped = true;
			label.good = label.good && target < low;
			low = label.at = target;
			continue;
		}
		if (!label.good || size > 63 || n + 1 + size > NAME_WIRE_MAX ||
			label.packet.n - label.at < size)
			break;
		to[n++] = (char)size;
		memcpy(to + n, label.packet.p + label.at, size);
		n += size;
		label.at += size;
		if (size > 0)
			continue;
		if (!jumped)
			c->at = label.at;
		return n;
	}
	c->good = false;
	return 0;
}

/* The data of a record, which ends at end, without compression. */
static str take_data(struct cursor *c, size_t end, enum dns_type type, char to[NAME_WIRE_MAX + 2])
{
	size_t n = 0;
	str plain = str_from(c->packet.p + c->at, end - c->at);

	if (type != DNS_MX && type != DNS_CNAME && type != DNS_PTR) {
		c->at = end;
		return plain;
	}
	if (type == DNS_MX) {
		unsigned preference = take(c, 2);

		to[n++] = (char)(preference >> 8);
		to[n++] = (char)preference;
	}
	n += take_name(c, to + n);
	c->good = c->good && c->at == end;
	return str_from(to, n);
}

static void read_record(
	struct cursor *c, enum dns_type type, struct dns_builder *b, struct dns_packet *read)
{
	char name[NAME_WIRE_MAX], uncompressed[NAME_WIRE_MAX + 2];
	unsigned found, class_, ttl_s;
	size_t size;

	take_name(c, name);
	found = take(c, 2);
	class_ = take(c, 2);
	ttl_s = take(c, 4);
	size = take(c, 2);
	c->good = c->good && c->packet.n - c->at >= size;
	if (!c->good)
		return;
	if (found != type || class_ != 1) {
		skip(c, size);
		return;
	}
	str data = take_data(c, c->at + size, type, uncompressed);
	if (!c->good)
		return;
	if (dns_builder_add_wire(b, type, ttl_s, data))
		read->added++;
	else
		read->refused++;
}

bool dns_packet_read(str packet, enum dns_type type, struct dns_builder *b, struct dns_packet *read)
{
	struct cursor c = { .packet = packet, .good = true };
	char name[NAME_WIRE_MAX];
	unsigned questions, answers;

	*read = (struct dns_packet){ 0 };
	skip(&c, 3);
	read->rcode = take(&c, 1) & 15;
	questions = take(&c, 2);
	answers = take(&c, 2);
	skip(&c, 4);
	for (unsigned i = 0; i < questions && c.good; i++) {
		take_name(&c, name);
		skip(&c, 4);
	}
	for (unsigned i = 0; i < answers && c.good; i++)
		read_record(&c, type, b, read);
	return c.good;
}
