/*
 * dns/zone - a zone file that answers everything, for tests and for trying things out
 *
 * One record a line: "name TYPE data", as in a master file (RFC 1035 section 5); ';' and '#' begin
 * comments, TXT strings are quoted.  A name that the file lacks does not exist.  "name TIMEOUT" and
 * "name SERVFAIL" make every look-up of that name fail so.  CNAMEs are followed, at most 8.
 */
#ifndef DNS_ZONE_H
#define DNS_ZONE_H

#include "base/fail.h"
#include "dns/record.h"

struct dns_zone;

enum dns_zone_answer { ZONE_FOUND, ZONE_NO_NAME, ZONE_NO_DATA, ZONE_SERVFAIL, ZONE_TIMEOUT };

/* False: *why says "line:column: ..." */
struct dns_zone *dns_zone_parse(str text, struct fail *why) MUST_USE;
void dns_zone_free(struct dns_zone *zone);

/* *records is the caller's when ZONE_FOUND, else null.  Records of a name that is reached by CNAMEs
 * are found as if they were name's own. */
enum dns_zone_answer dns_zone_find(const struct dns_zone *zone, str name, enum dns_type type,
	struct dns_records **records) MUST_USE;

#endif
