/*
 * admin/report - the day on one page, from the log
 *
 * Reads records one by one, from files or standard input, and keeps only counts: memory does not
 * grow with the log.  Its headings are those that readers of pflogsumm(1) know.
 */
#ifndef ADMIN_REPORT_H
#define ADMIN_REPORT_H

#include "base/buf.h"
#include "base/tally.h"

#define REPORT_TOP_MAX 1000

/* What is counted over the whole and by the hour. */
enum report_count {
	REPORT_ACCEPTED,
	REPORT_DELIVERED,
	REPORT_DEFERRED,
	REPORT_BOUNCED,
	REPORT_REFUSED,
	REPORT_COUNTS
};

/* Of recipient domains and next hosts; the count of a row is that of deliveries and deferrals. */
enum { REPORT_SUM_DELIVERED, REPORT_SUM_DEFERRED, REPORT_SUM_DELAY_MS, REPORT_SUM_OCTETS };

struct report {
	int64_t since_ms, until_ms; /* records outside are skipped */
	int64_t first_ms, last_ms;  /* of those that count; INT64_MIN: none has a date */
	int zone_minutes;           /* for the hours */
	size_t top;                 /* rows of each list */

	uint64_t records, strangers, undated; /* lines: ours; of others; skipped for their date */
	int64_t counts[REPORT_COUNTS], hours[24][REPORT_COUNTS];
	int64_t sessions, discarded, given_up, warned, octets_accepted, octets_delivered;
	struct tally senders, recipients, domains, hosts;
	struct tally deferrals, bounces, refusals, problems; /* by reason */
};

void report_init(struct report *r);
void report_free(struct report *r);

/* Count a line of the log. */
struct arena;
void report_line(struct report *r, str line, int64_t now_ms, struct arena *step);

void report_print(const struct report *r, struct buf *out);
void report_print_json(const struct report *r, struct buf *out);

/* facteur report [--since T] [--until T] [--top N] [FILE ...].  *answered: false where out says
 * what is wrong. */
int report_command(
	const str *words, size_t count, bool json, struct buf *out, bool *answered) MUST_USE;

#endif
