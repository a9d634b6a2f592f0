#include "dns/record.h"

#include <assert.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/mem.h"

static const struct {
	str word;
	enum dns_type type;
} type_names[] = {
	{STR_INIT("A"),      DNS_A    },
	{ STR_INIT("CNAME"), DNS_CNAME},
	{ STR_INIT("PTR"),   DNS_PTR  },
	{ STR_INIT("MX"),    DNS_MX   },
	{ STR_INIT("TXT"),   DNS_TXT  },
	{ STR_INIT("AAAA"),  DNS_AAAA },
};

bool dns_type_parse(str word, enum dns_type *type)
{
	for (size_t i = 0; i < LENGTH(type_names); i++) {
		if (str_eq_nocase(word, type_names[i].word)) {
			*type = type_names[i].type;
			return true;
		}
	}
	return false;
}

const char *dns_type_name(enum dns_type type)
{
	for (size_t i = 0; i < LENGTH(type_names); i++)
		if (type_names[i].type == type)
			return type_names[i].word.p;
	return "?";
}

void dns_records_free(struct dns_records *records)
{
	mem_free(records);
}

struct dns_builder {
	struct arena arena; /* names and texts, until dns_builder_finish */
	size_t count;
	struct dns_record records[DNS_RECORDS_MAX];
};

struct dns_builder *dns_builder_new(void)
{
	struct dns_builder *b = MEM_NEW(struct dns_builder);

	/* Our own limit is enough: at most DNS_RECORDS_MAX records of at most 64 KiB. */
	arena_init(&b->arena, ARENA_UNLIMITED);
	return b;
}

bool dns_builder_add(struct dns_builder *b, const struct dns_record *record)
{
	struct dns_record *copy;

	if (record->name.n > DNS_NAME_MAX || record->text.n > UINT16_MAX)
		return false;
	if (b->count == DNS_RECORDS_MAX)
		return true;
	copy = &b->records[b->count++];
	*copy = *record;
	copy->name = arena_copy(&b->arena, record->name);
	copy->text = arena_copy(&b->arena, record->text);
	return true;
}

/* A name in wire form, which must be all of data, into presentation form.  A label byte that would
 * need an escape (RFC 1035 section 5.1) is refused: no host that we could speak to has one. */
static bool read_name(str data, char to[DNS_NAME_MAX + 1], str *name)
{
	size_t n = 0;

	while (data.n > 0 && data.p[0] != 0) {
		size_t label = (unsigned char)data.p[0];

		if (label > 63 || label >= data.n || n + (n > 0) + label > DNS_NAME_MAX)
			return false;
		if (n > 0)
			to[n++] = '.';
		for (size_t i = 1; i <= label; i++) {
			char c = data.p[i];

			if (c <= ' ' || c > '~' || c == '.' || c == '\\')
				return false;
			to[n++] = ascii_lower(c);
		}
		data = str_skip(data, label + 1);
	}
	*name = str_from(to, n);
	return data.n == 1; /* the root label, and nothing behind it */
}

static bool read_ip(str data, uint8_t family, struct ip *ip)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	size_t size = family == 4 ? 4 : 16;

	if (data.n != size)
		return false;
	*ip = (struct ip){ .family = family };
	memcpy(ip->bytes, data.p, size);
	if (family == 6 && memcmp(ip->bytes, mapped, sizeof mapped) == 0) {
		*ip = (struct ip){ .family = 4 };
		memcpy(ip->bytes, data.p + sizeof mapped, 4);
	}
	return true;
}

/* One or more strings of a length byte and so many bytes, joined as RFC 7208 section 3.3 and all
 * others who put words into TXT records want them. */
static bool read_text(struct arena *a, str data, str *text)
{
	char *to;
	size_t n = 0;

	if (data.n == 0 || data.n > UINT16_MAX)
		return false;
	to = arena_alloc(a, data.n);
	assert(to);
	while (data.n > 0) {
		size_t size = (unsigned char)data.p[0];

		if (size >= data.n)
			return false;
		memcpy(to + n, data.p + 1, size);
		n += size;
		data = str_skip(data, size + 1);
	}
	*text = str_from(to, n);
	return true;
}

static bool read_wire(struct arena *a, str data, char name[DNS_NAME_MAX + 1], struct dns_record *r)
{
	switch (r->type) {
	case DNS_A:
		return read_ip(data, 4, &r->ip);
	case DNS_AAAA:
		return read_ip(data, 6, &r->ip);
	case DNS_CNAME:
	case DNS_PTR:
		return read_name(data, name, &r->name);
	case DNS_MX:
		if (data.n < 3)
			return false;
		r->preference =
			(uint16_t)((unsigned char)data.p[0] << 8 | (unsigned char)data.p[1]);
		return read_name(str_skip(data, 2), name, &r->name);
	case DNS_TXT:
		return read_text(a, data, &r->text);
	}
	return false;
}

bool dns_builder_add_wire(struct dns_builder *b, enum dns_type type, uint32_t ttl_s, str data)
{
	char name[DNS_NAME_MAX + 1];
	struct dns_record r = { .type = type, .ttl_s = ttl_s };

	if (b->count == DNS_RECORDS_MAX)
		return true;
	return read_wire(&b->arena, data, name, &r) && dns_builder_add(b, &r);
}

static str pack(char **at, str s)
{
	str packed = { *at, s.n };

	if (s.n > 0)
		memcpy(*at, s.p, s.n);
	*at += s.n;
	return packed;
}

struct dns_records *dns_builder_finish(struct dns_builder *b)
{
	size_t octets = sizeof(struct dns_records) + b->count * sizeof b->records[0];
	struct dns_records *all;
	char *bytes;

	for (size_t i = 0; i < b->count; i++)
		octets += b->records[i].name.n + b->records[i].text.n;
	all = mem_alloc(octets);
	all->count = b->count;
	all->records = (struct dns_record *)(all + 1);
	bytes = (char *)(all->records + b->count);
	for (size_t i = 0; i < b->count; i++) {
		all->records[i] = b->records[i];
		all->records[i].name = pack(&bytes, b->records[i].name);
		all->records[i].text = pack(&bytes, b->records[i].text);
	}
	arena_free(&b->arena);
	mem_free(b);
	return all;
}
