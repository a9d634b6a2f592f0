/* Law: what is read from wire form has names and sizes within their limits, and what one builder
 * finished, another one takes and finishes equal. */
#include "test/fuzz.h"

#include "base/ascii.h"
#include "dns/record.h"

static const enum dns_type types[] = { DNS_A, DNS_CNAME, DNS_PTR, DNS_MX, DNS_TXT, DNS_AAAA };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dns_builder *once = dns_builder_new(), *twice = dns_builder_new();
	struct dns_records *a, *b;

	/* A byte for the type, a byte for the length, so many bytes of data; and so on. */
	while (size >= 2) {
		size_t n = data[1] < size - 2 ? data[1] : size - 2;

		if (!dns_builder_add_wire(
			    once, types[data[0] % LENGTH(types)], 1, str_from(data + 2, n)))
			break;
		data += 2 + n;
		size -= 2 + n;
	}
	a = dns_builder_finish(once);
	LAW(a->count <= DNS_RECORDS_MAX);
	for (size_t i = 0; i < a->count; i++) {
		LAW(a->records[i].name.n <= DNS_NAME_MAX);
		for (size_t j = 0; j < a->records[i].name.n; j++)
			LAW(!ascii_control(a->records[i].name.p[j]) &&
				!ascii_upper_letter(a->records[i].name.p[j]));
		LAW(dns_builder_add(twice, &a->records[i]));
	}
	b = dns_builder_finish(twice);
	LAW(b->count == a->count);
	for (size_t i = 0; i < a->count; i++) {
		LAW(str_eq(a->records[i].name, b->records[i].name));
		LAW(str_eq(a->records[i].text, b->records[i].text));
		LAW(ip_eq(&a->records[i].ip, &b->records[i].ip));
		LAW(a->records[i].type == b->records[i].type);
		LAW(a->records[i].preference == b->records[i].preference);
	}
	dns_records_free(a);
	dns_records_free(b);
	return 0;
}
