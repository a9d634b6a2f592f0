/* admin/report: the page, and the same as JSON. */
#include "admin/json.h"
#include "admin/report.h"
#include "base/mem.h"
#include "base/number.h"
#include "mail/date.h"

static const char *const count_names[REPORT_COUNTS] = {
	[REPORT_ACCEPTED] = "accepted",
	[REPORT_DELIVERED] = "delivered",
	[REPORT_DEFERRED] = "deferred",
	[REPORT_BOUNCED] = "bounced",
	[REPORT_REFUSED] = "refused",
};

enum shape { COUNT, COUNT_OCTETS, WAY };

/* The lists, in the order of the page. */
static const struct list_of {
	const char *title, *key;
	size_t at; /* of its tally */
	enum shape shape;
} lists[] = {
	{"Senders by message count",              "senders",    offsetof(struct report, senders),    COUNT_OCTETS},
	{ "Recipients by message count",          "recipients", offsetof(struct report, recipients),
         COUNT_OCTETS											    },
	{ "Recipient domains",                    "domains",    offsetof(struct report, domains),    WAY         },
	{ "Providers, by the name of their host", "providers",  offsetof(struct report, hosts),
         WAY												     },
	{ "Deferrals by reason",                  "deferrals",  offsetof(struct report, deferrals),  COUNT       },
	{ "Bounces by reason",                    "bounces",    offsetof(struct report, bounces),    COUNT       },
	{ "Refusals by reason",                   "refusals",   offsetof(struct report, refusals),   COUNT       },
	{ "Warnings and errors",                  "problems",   offsetof(struct report, problems),   COUNT       },
};

static const struct tally *tally_of(const struct report *r, const struct list_of *list)
{
	return (const struct tally *)(const void *)((const char *)r + list->at);
}

/* --- the page ----------------------------------------------------------------------------------
 */

static void put_title(struct buf *out, const char *title)
{
	size_t n = str_of(title).n;

	buf_putf(out, "\n%s\n", title);
	while (n-- > 0)
		buf_put(out, S("-"));
	buf_put(out, S("\n"));
}

/* What a log holds came from outside: it is cleaned as all text is. */
static void put_key(struct buf *out, str key)
{
	char clean[TALLY_KEY_OCTETS_MAX + 1];

	buf_putf(out, "%s\n", fail_clean(key, clean, sizeof clean));
}

static int64_t average_ms(const struct tally_row *row)
{
	int64_t n = row->sums[REPORT_SUM_DELIVERED];

	return n > 0 ? row->sums[REPORT_SUM_DELAY_MS] / n : 0;
}

static void put_row(struct buf *out, const struct list_of *list, const struct tally_row *row)
{
	char text[NUMBER_TEXT_MAX];

	switch (list->shape) {
	case COUNT:
		buf_putf(out, "%9lld  ", (long long)row->node.at);
		break;
	case COUNT_OCTETS:
		buf_putf(out, "%9lld  %10s  ", (long long)row->node.at,
			number_show_size((uint64_t)row->sums[REPORT_SUM_OCTETS], text));
		break;
	case WAY:
		buf_putf(out, "%9lld  %8lld  %12s  ", (long long)row->sums[REPORT_SUM_DELIVERED],
			(long long)row->sums[REPORT_SUM_DEFERRED],
			number_show_time(average_ms(row), text));
		break;
	}
	put_key(out, row->key);
}

static void put_list(const struct report *r, const struct list_of *list, struct buf *out)
{
	const struct tally *t = tally_of(r, list);
	const struct tally_row **rows = mem_alloc(r->top * sizeof *rows);
	size_t n = tally_top(t, rows, r->top);

	if (n > 0) {
		put_title(out, list->title);
		if (list->shape == WAY)
			buf_put(out, S("delivered  deferred  average wait\n"));
		for (size_t i = 0; i < n; i++)
			put_row(out, list, rows[i]);
		if (t->rows.count > n)
			buf_putf(out, "           and %zu more%s\n", t->rows.count - n,
				t->exact ? "" : "; counts are not exact, there were too many");
	}
	mem_free(rows);
}

static void put_hours(const struct report *r, struct buf *out)
{
	put_title(out, "Traffic by the hour");
	buf_put(out, S("hour "));
	for (size_t k = 0; k < REPORT_COUNTS; k++)
		buf_putf(out, "  %9s", count_names[k]);
	for (size_t i = 0; i < 24; i++) {
		buf_putf(out, "\n%02zu-%02zu", i, i + 1);
		for (size_t k = 0; k < REPORT_COUNTS; k++)
			buf_putf(out, "  %9lld", (long long)r->hours[i][k]);
	}
	buf_put(out, S("\n"));
}

static void put_period(const struct report *r, struct buf *out)
{
	char from[DATE_TEXT_MAX], to[DATE_TEXT_MAX];

	if (r->first_ms != INT64_MIN)
		buf_putf(out, "Mail from %s to %s\n",
			date_print(r->first_ms, r->zone_minutes, from),
			date_print(r->last_ms, r->zone_minutes, to));
	else if (r->records > 0)
		buf_put(out, S("Mail of a log without dates\n"));
	else
		buf_put(out, S("The log has no record of this time\n"));
	if (r->undated > 0)
		buf_putf(out, "%llu records without a date were left out\n",
			(unsigned long long)r->undated);
}

void report_print(const struct report *r, struct buf *out)
{
	char in[NUMBER_TEXT_MAX], sent[NUMBER_TEXT_MAX];

	put_period(r, out);
	put_title(out, "Grand totals");
	buf_putf(out,
		"%9lld  accepted, %s\n%9lld  delivered, %s\n%9lld  deferred\n%9lld  bounced\n"
		"%9lld  given up\n%9lld  discarded\n%9lld  refused\n%9lld  told of a delay or a "
		"success\n%9lld  sessions\n",
		(long long)r->counts[REPORT_ACCEPTED],
		number_show_size((uint64_t)r->octets_accepted, in),
		(long long)r->counts[REPORT_DELIVERED],
		number_show_size((uint64_t)r->octets_delivered, sent),
		(long long)r->counts[REPORT_DEFERRED], (long long)r->counts[REPORT_BOUNCED],
		(long long)r->given_up, (long long)r->discarded,
		(long long)r->counts[REPORT_REFUSED], (long long)r->warned, (long long)r->sessions);
	if (r->first_ms != INT64_MIN)
		put_hours(r, out);
	for (size_t i = 0; i < LENGTH(lists); i++)
		put_list(r, &lists[i], out);
}

/* --- JSON --------------------------------------------------------------------------------------
 */

static json_t *row_json(const struct list_of *list, const struct tally_row *row)
{
	json_t *object = json_object();

	json_put_str(object, "name", row->key);
	json_put_int(object, "count", row->node.at);
	if (row->error > 0)
		json_put_int(object, "at_most_too_high_by", row->error);
	if (list->shape == COUNT_OCTETS)
		json_put_int(object, "octets", row->sums[REPORT_SUM_OCTETS]);
	if (list->shape == WAY) {
		json_put_int(object, "delivered", row->sums[REPORT_SUM_DELIVERED]);
		json_put_int(object, "deferred", row->sums[REPORT_SUM_DEFERRED]);
		json_put_int(object, "average_delay_ms", average_ms(row));
	}
	return object;
}

static json_t *list_json(const struct report *r, const struct list_of *list)
{
	const struct tally_row **rows = mem_alloc(r->top * sizeof *rows);
	size_t n = tally_top(tally_of(r, list), rows, r->top);
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(array, row_json(list, rows[i]));
	mem_free(rows);
	return array;
}

void report_print_json(const struct report *r, struct buf *out)
{
	json_t *page = json_object(), *hours = json_array();

	if (r->first_ms != INT64_MIN) {
		json_put_time(page, "first", r->first_ms);
		json_put_time(page, "last", r->last_ms);
	}
	for (size_t k = 0; k < REPORT_COUNTS; k++)
		json_put_int(page, count_names[k], r->counts[k]);
	json_put_int(page, "given_up", r->given_up);
	json_put_int(page, "discarded", r->discarded);
	json_put_int(page, "told", r->warned);
	json_put_int(page, "sessions", r->sessions);
	json_put_int(page, "octets_accepted", r->octets_accepted);
	json_put_int(page, "octets_delivered", r->octets_delivered);
	json_put_int(page, "records", (int64_t)r->records);
	json_put_int(page, "lines_of_others", (int64_t)r->strangers);
	json_put_int(page, "undated", (int64_t)r->undated);
	for (size_t i = 0; i < 24; i++) {
		json_t *hour = json_object();

		for (size_t k = 0; k < REPORT_COUNTS; k++)
			json_put_int(hour, count_names[k], r->hours[i][k]);
		json_array_append_new(hours, hour);
	}
	json_object_set_new(page, "hours", hours);
	for (size_t i = 0; i < LENGTH(lists); i++)
		json_object_set_new(page, lists[i].key, list_json(r, &lists[i]));
	json_print(page, out);
}
