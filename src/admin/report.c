#include "admin/report.h"

#include <stdio.h>

#include "admin/logline.h"
#include "base/ascii.h"
#include "mail/address.h"

#define REASON_MAX 200

static struct tally *const *all_tallies(struct report *r, struct tally *to[8])
{
	to[0] = &r->senders;
	to[1] = &r->recipients;
	to[2] = &r->domains;
	to[3] = &r->hosts;
	to[4] = &r->deferrals;
	to[5] = &r->bounces;
	to[6] = &r->refusals;
	to[7] = &r->problems;
	return to;
}

void report_init(struct report *r)
{
	struct tally *tallies[8];

	*r = (struct report){ .since_ms = INT64_MIN,
		.until_ms = INT64_MAX,
		.first_ms = INT64_MIN,
		.last_ms = INT64_MIN,
		.top = 10 };
	all_tallies(r, tallies);
	for (size_t i = 0; i < LENGTH(tallies); i++)
		tally_init(tallies[i]);
}

void report_free(struct report *r)
{
	struct tally *tallies[8];

	all_tallies(r, tallies);
	for (size_t i = 0; i < LENGTH(tallies); i++)
		tally_free(tallies[i]);
}

/* --- what is counted together ------------------------------------------------------------------
 */

/* Addresses are alike when only their letters' case differs. */
static str lower(str s, char to[TALLY_KEY_OCTETS_MAX])
{
	s = str_first(s, TALLY_KEY_OCTETS_MAX);
	for (size_t i = 0; i < s.n; i++)
		to[i] = ascii_lower(s.p[i]);
	return str_from(to, s.n);
}

/* Who runs the next host: its name without the first label, where two are left. */
static str provider_of(str host)
{
	size_t first = str_find(host, '.');
	str rest = str_skip(host, first + 1);

	return ascii_digit(host.n ? host.p[0] : 'x') || !str_has(rest, '.') ? host : rest;
}

/* "450 4.2.1 <> is busy": the words without the addresses in them, so that like goes to like. */
static str reason_of(const struct logline *l, char to[REASON_MAX])
{
	str code = logline_value(l, "code"), status = logline_value(l, "status");
	str text = logline_value(l, "reason");
	size_t n = 0;
	bool inside = false;

	n = (size_t)snprintf(to, REASON_MAX, "%.*s%s%.*s%s", STR(str_first(code, 3)),
		code.n ? " " : "", STR(str_first(status, 10)), status.n ? " " : "");
	for (size_t i = 0; i < text.n && n + 1 < REASON_MAX; i++) {
		char c = text.p[i];

		inside = inside && c != '>';
		if (!inside)
			to[n++] = c;
		inside = inside || (c == '<' && str_has(str_skip(text, i), '>'));
	}
	return str_from(to, n);
}

static void count(struct report *r, const struct logline *l, enum report_count what)
{
	r->counts[what]++;
	if (l->wall_ms != LOGLINE_UNKNOWN) {
		int64_t minutes = l->wall_ms / 60000 + r->zone_minutes;

		r->hours[(minutes / 60 % 24 + 24) % 24][what]++;
	}
}

/* --- events ------------------------------------------------------------------------------------
 */

static void count_reason(struct tally *t, const struct logline *l)
{
	char reason[REASON_MAX];

	tally_add(t, reason_of(l, reason), 1);
}

static void on_accepted(struct report *r, const struct logline *l)
{
	char key[TALLY_KEY_OCTETS_MAX];
	str from = lower(logline_value(l, "from"), key);
	int64_t octets = logline_int(l, "size");

	count(r, l, REPORT_ACCEPTED);
	r->octets_accepted += octets;
	tally_add(&r->senders, from.n > 0 ? from : S("<>"), 1)->sums[REPORT_SUM_OCTETS] += octets;
}

static void count_way(struct tally *t, str key, const struct logline *l, bool delivered)
{
	struct tally_row *row;

	if (key.n == 0)
		return;
	row = tally_add(t, key, 1);
	row->sums[delivered ? REPORT_SUM_DELIVERED : REPORT_SUM_DEFERRED]++;
	if (!delivered)
		return;
	row->sums[REPORT_SUM_DELAY_MS] += logline_int(l, "delay_ms");
	row->sums[REPORT_SUM_OCTETS] += logline_int(l, "size");
}

static void count_ways(struct report *r, const struct logline *l, bool delivered)
{
	char key[TALLY_KEY_OCTETS_MAX];
	str to = lower(logline_value(l, "to"), key), host = logline_value(l, "host");

	if (delivered)
		tally_add(&r->recipients, to, 1)->sums[REPORT_SUM_OCTETS] += logline_int(l, "size");
	count_way(&r->domains, address_domain(to), l, delivered);
	count_way(&r->hosts, lower(provider_of(host), key), l, delivered);
}

static void on_delivered(struct report *r, const struct logline *l)
{
	count(r, l, REPORT_DELIVERED);
	r->octets_delivered += logline_int(l, "size");
	count_ways(r, l, true);
}

/* A refusal for good is counted when the recipient ends, bounced or given up. */
static void on_not_delivered(struct report *r, const struct logline *l)
{
	str code = logline_value(l, "code"), status = logline_value(l, "status");

	if (str_starts(code, S("5")) || (code.n == 0 && str_starts(status, S("5"))))
		return;
	count(r, l, REPORT_DEFERRED);
	count_reason(&r->deferrals, l);
	count_ways(r, l, false);
}

static void on_no_conversation(struct report *r, const struct logline *l)
{
	char key[TALLY_KEY_OCTETS_MAX];

	count_reason(&r->deferrals, l);
	count_way(&r->hosts, lower(provider_of(logline_value(l, "host")), key), l, false);
}

static void count_end(struct report *r, const struct logline *l, enum report_count what)
{
	int64_t recipients = logline_int(l, "recipients");

	for (int64_t i = 0; i < (recipients > 0 ? recipients : 1) && i < 100000; i++)
		count(r, l, what);
	count_reason(&r->bounces, l);
}

static void on_bounced(struct report *r, const struct logline *l)
{
	count_end(r, l, REPORT_BOUNCED);
}

static void on_given_up(struct report *r, const struct logline *l)
{
	int64_t recipients = logline_int(l, "recipients");

	r->given_up += recipients > 0 ? recipients : 1;
	count_reason(&r->bounces, l);
}

static void on_refused(struct report *r, const struct logline *l)
{
	count(r, l, REPORT_REFUSED);
	count_reason(&r->refusals, l);
}

static void on_discarded(struct report *r, const struct logline *l)
{
	(void)l;
	r->discarded++;
}

static void on_session(struct report *r, const struct logline *l)
{
	(void)l;
	r->sessions++;
}

static void on_told(struct report *r, const struct logline *l)
{
	(void)l;
	r->warned++;
}

static const struct {
	str event;
	void (*on)(struct report *r, const struct logline *l);
} events[] = {
	{STR_INIT("accepted"),           on_accepted       },
	{ STR_INIT("delivered"),         on_delivered      },
	{ STR_INIT("not-delivered"),     on_not_delivered  },
	{ STR_INIT("no-conversation"),   on_no_conversation},
	{ STR_INIT("bounced"),           on_bounced        },
	{ STR_INIT("given-up"),          on_given_up       },
	{ STR_INIT("given-up-as-asked"), on_given_up       },
	{ STR_INIT("refused"),           on_refused        },
	{ STR_INIT("discarded"),         on_discarded      },
	{ STR_INIT("session"),           on_session        },
	{ STR_INIT("told"),              on_told           },
};

/* Warnings and errors, whatever they are about: what an administrator must not miss. */
static void count_problem(struct report *r, const struct logline *l)
{
	str level = logline_value(l, "level"), text = logline_value(l, "reason");
	char key[REASON_MAX];
	int n;

	if (!str_eq(level, S("warning")) && !str_eq(level, S("error")))
		return;
	if (text.n == 0)
		text = logline_value(l, "text");
	n = snprintf(key, sizeof key, "%.*s %.*s%s%.*s", STR(level), STR(str_first(l->event, 40)),
		text.n ? ": " : "", STR(text));
	tally_add(&r->problems, str_from(key, (size_t)n < sizeof key ? (size_t)n : sizeof key - 1),
		1);
}

static bool in_time(struct report *r, const struct logline *l)
{
	bool bounded = r->since_ms != INT64_MIN || r->until_ms != INT64_MAX;

	if (l->wall_ms == LOGLINE_UNKNOWN) {
		r->undated += bounded;
		return !bounded;
	}
	if (l->wall_ms < r->since_ms || l->wall_ms >= r->until_ms)
		return false;
	if (r->first_ms == INT64_MIN || l->wall_ms < r->first_ms)
		r->first_ms = l->wall_ms;
	if (r->last_ms == INT64_MIN || l->wall_ms > r->last_ms)
		r->last_ms = l->wall_ms;
	return true;
}

void report_line(struct report *r, str line, int64_t now_ms, struct arena *step)
{
	struct logline_clock clock = { .now_ms = now_ms, .zone_minutes = r->zone_minutes };
	struct logline l;

	arena_reset(step);
	if (!logline_read(line, &clock, step, &l)) {
		r->strangers++;
		return;
	}
	if (!in_time(r, &l))
		return;
	r->records++;
	count_problem(r, &l);
	for (size_t i = 0; i < LENGTH(events); i++)
		if (str_eq(l.event, events[i].event))
			events[i].on(r, &l);
}
