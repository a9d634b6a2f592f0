/*
 * mail/date - the date of a header field                        RFC 5322 section 3.3
 */
#ifndef MAIL_DATE_H
#define MAIL_DATE_H

#include "base/str.h"

#define DATE_TEXT_MAX 40

/* "Tue, 24 Nov 2026 04:28:54 +0000"; zone_minutes east of UTC. */
char *date_print(int64_t wall_ms, int zone_minutes, char to[DATE_TEXT_MAX]);

/* "2026-11-24T04:28:54.123Z", for logs and JSON. */
char *date_print_iso(int64_t wall_ms, char to[DATE_TEXT_MAX]);

/* Take such a date off the front of *rest: "2026-11-24T04:28:54" with a fraction, and a zone as Z,
 * +0100 or +01:00.  Without a zone it is local: zone_minutes.  The time may be missing, or lack its
 * seconds, and a space may stand for the T.  False: it is none, and *rest stays. */
bool date_take_iso(str *rest, int zone_minutes, int64_t *wall_ms) MUST_USE;

/* The same for "Nov 24 04:28:54" of syslog, local time of the year that ends at now_ms at most a
 * day later. */
bool date_take_syslog(str *rest, int64_t now_ms, int zone_minutes, int64_t *wall_ms) MUST_USE;

#endif
