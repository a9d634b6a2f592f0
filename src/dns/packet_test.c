/* Packets with compressed names, and packets that try to lead a reader around. */
#include "test/test.h"

#include "base/mem.h"
#include "dns/packet.h"

#define HEAD "\x12\x34\x81\x80\x00\x01\x00\x02\x00\x00\x00\x00"
#define QUESTION      \
	"\x07"        \
	"example\x03" \
	"org\x00\x00\x0f\x00\x01"
#define MX_A                                                           \
	"\xc0\x0c\x00\x0f\x00\x01\x00\x00\x0e\x10\x00\x07\x00\x0a\x02" \
	"mx\xc0\x0c"
#define MX_B "\xc0\x0c\x00\x0f\x00\x01\x00\x00\x0e\x10\x00\x04\x00\x14\xc0\x2b"

static struct dns_records *read(str packet, enum dns_type type, struct dns_packet *p, bool *good)
{
	struct dns_builder *b = dns_builder_new();

	*good = dns_packet_read(packet, type, b, p);
	return dns_builder_finish(b);
}

TEST(dns_packet_decompresses_names)
{
	struct dns_packet p;
	bool good;
	struct dns_records *r = read(S(HEAD QUESTION MX_A MX_B), DNS_MX, &p, &good);

	CHECK(good && p.rcode == DNS_RCODE_NONE && p.added == 2 && p.refused == 0);
	CHECK_INT(r->count, 2);
	CHECK_STR(r->records[0].name, S("mx.example.org"));
	CHECK_INT(r->records[0].preference, 10);
	CHECK_INT(r->records[0].ttl_s, 3600);
	CHECK_STR(r->records[1].name, S("mx.example.org"));
	CHECK_INT(r->records[1].preference, 20);
	dns_records_free(r);
	r = read(S(HEAD QUESTION MX_A MX_B), DNS_A, &p, &good);
	CHECK(good && p.added == 0 && r->count == 0);
	dns_records_free(r);
}

TEST(dns_packet_tells_what_is_unusable)
{
	struct dns_packet p;
	bool good;
	struct dns_records *r = read(
		S(HEAD QUESTION MX_A "\xc0\x0c\x00\x0f\x00\x01\x00\x00\x0e\x10\x00\x08\x00\x14\x04"
				     "a b.\x00"),
		DNS_MX, &p, &good);

	CHECK(good && p.added == 1 && p.refused == 1);
	dns_records_free(r);
}

TEST(dns_packet_refuses_the_malformed)
{
	static const str bad[] = {
		STR_INIT(""),
		STR_INIT("\x12\x34\x81\x80\x00\x01\x00"),
		STR_INIT(HEAD QUESTION MX_A), /* a record is missing */
		/* a pointer to itself, and one forward */
		STR_INIT(HEAD QUESTION MX_A
			"\xc0\x0c\x00\x0f\x00\x01\x00\x00\x0e\x10\x00\x04\x00\x14\xc0\x40"),
		STR_INIT(HEAD QUESTION MX_A
			"\xc0\x0c\x00\x0f\x00\x01\x00\x00\x0e\x10\x00\x04\x00\x14\xc0\x7f"),
		/* data longer than the record, and shorter */
		STR_INIT(HEAD QUESTION MX_A
			"\xc0\x0c\x00\x0f\x00\x01\x00\x00\x0e\x10\x00\x03\x00\x14\xc0\x2b"),
		STR_INIT(HEAD QUESTION MX_A
			"\xc0\x0c\x00\x0f\x00\x01\x00\x00\x0e\x10\x00\x05\x00\x14\xc0\x2b\x00"),
		STR_INIT(HEAD QUESTION MX_A
			"\xc0\x0c\x00\x0f\x00\x01\x00\x00\x0e\x10\xff\xff\x00\x14\xc0\x2b"),
	};
	struct dns_packet p;
	bool good;

	for (size_t i = 0; i < LENGTH(bad); i++) {
		dns_records_free(read(bad[i], DNS_MX, &p, &good));
		CHECK(!good);
	}
}

TEST(dns_packet_cut_anywhere_is_refused)
{
	str whole = S(HEAD QUESTION MX_A MX_B);
	struct dns_packet p;
	bool good;

	for (size_t n = 0; n < whole.n; n++) {
		char *copy = mem_alloc(n); /* exactly so long, for the sanitizers */

		memcpy(copy, whole.p, n);
		dns_records_free(read(str_from(copy, n), DNS_MX, &p, &good));
		CHECK(!good);
		mem_free(copy);
	}
}
