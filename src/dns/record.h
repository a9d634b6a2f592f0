/*
 * dns/record - records of the Domain Name System as data         RFC 1035, 3596, 7505
 */
#ifndef DNS_RECORD_H
#define DNS_RECORD_H

#include "base/ip.h"
#include "base/str.h"

#define DNS_NAME_MAX 253    /* presentation form, without the last dot */
#define DNS_RECORDS_MAX 100 /* of one answer; more are ignored (P8) */

enum dns_type { DNS_A = 1, DNS_CNAME = 5, DNS_PTR = 12, DNS_MX = 15, DNS_TXT = 16, DNS_AAAA = 28 };

struct dns_record {
	enum dns_type type;
	uint32_t ttl_s;
	uint16_t preference; /* MX */
	struct ip ip;        /* A, AAAA */
	str name;            /* MX, PTR, CNAME: lower case, without the last dot; "" is the root */
	str text;            /* TXT: its strings, joined */
};

/* One answer: one piece of memory, freed at once. */
struct dns_records {
	size_t count;
	struct dns_record *records;
};

void dns_records_free(struct dns_records *records); /* null is allowed */

/* "MX" and so on; false for a type that we do not know. */
bool dns_type_parse(str word, enum dns_type *type) MUST_USE;
const char *dns_type_name(enum dns_type type);

/* Read one record's data in wire form (uncompressed, as libunbound gives it).  Names are put into
 * the arena of the builder below.  False: malformed. */
struct dns_builder; /* collects records into one dns_records */
struct dns_builder *dns_builder_new(void) MUST_USE;
bool dns_builder_add_wire(
	struct dns_builder *b, enum dns_type type, uint32_t ttl_s, str data) MUST_USE;
bool dns_builder_add(struct dns_builder *b, const struct dns_record *record) MUST_USE; /* copied */
struct dns_records *dns_builder_finish(struct dns_builder *b) MUST_USE; /* frees the builder */

#endif
