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

#endif
