/*
 * dns/packet - the answer of a resolver as it came over the wire         RFC 1035 section 4
 */
#ifndef DNS_PACKET_H
#define DNS_PACKET_H

#include "base/str.h"
#include "dns/record.h"

enum { DNS_RCODE_NONE = 0, DNS_RCODE_SERVFAIL = 2, DNS_RCODE_NXDOMAIN = 3 };

struct dns_packet {
	unsigned rcode;
	size_t added;   /* records of the wanted type that were put into the builder */
	size_t refused; /* those whose data nobody could use: a label with a space, say */
};

/* Read the answer section; names in records are decompressed.  Whose names the records are is not
 * looked at: the resolver has followed the CNAMEs.  False: malformed. */
bool dns_packet_read(
	str packet, enum dns_type type, struct dns_builder *b, struct dns_packet *read) MUST_USE;

#endif
