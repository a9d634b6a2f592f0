/* Law: whatever the bytes are, reading ends, and gives no more records, and no longer names, than
 * the limits say. */
#include "test/fuzz.h"

#include "dns/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum dns_type types[] = { DNS_A, DNS_CNAME, DNS_PTR, DNS_MX, DNS_TXT,
		DNS_AAAA };

	for (size_t i = 0; i < LENGTH(types); i++) {
		struct dns_builder *b = dns_builder_new();
		struct dns_packet p;
		bool good = dns_packet_read(str_from(data, size), types[i], b, &p);
		struct dns_records *r = dns_builder_finish(b);

		LAW(r->count <= DNS_RECORDS_MAX && r->count <= p.added);
		LAW(!good || p.added <= size / 10);
		for (size_t k = 0; k < r->count; k++)
			LAW(r->records[k].name.n <= DNS_NAME_MAX && r->records[k].type == types[i]);
		dns_records_free(r);
	}
	return 0;
}
