#include "test/test.h"

#include "admin/logline.h"
#include "admin/report.h"
#include "base/arena.h"

#define NOW_MS 1795494534123 /* 2026-11-24T04:28:54.123Z */

TEST(logline_is_read_in_every_form_in_which_a_log_is_kept)
{
	/* clang-format off */
	static const str lines[] = {
		STR_INIT("2026-11-24T04:28:54.123Z delivered id=1 to=b@c.example reason=\"a \\\"b\\\" \\\\c\""),
		STR_INIT("2026-11-24T05:28:54.123456+0100 host facteur[12]: delivered id=1 to=b@c.example "
			 "reason=\"a \\\"b\\\" \\\\c\""),
		STR_INIT("Nov 24 04:28:54 host facteur[12]: delivered id=1 to=b@c.example "
			 "reason=\"a \\\"b\\\" \\\\c\" ..."),
		STR_INIT("{\"time\":\"2026-11-24T04:28:54.123Z\",\"event\":\"delivered\",\"id\":\"1\","
			 "\"to\":\"b@c.example\",\"reason\":\"a \\\"b\\\" \\\\c\"}"),
		STR_INIT("2026-11-24T04:28:54+00:00 host facteur[12]: {\"time\":\"2026-11-24T04:28:54.123Z\","
			 "\"event\":\"delivered\",\"id\":\"1\",\"to\":\"b@c.example\",\"reason\":\"a \\\"b\\\" \\\\c\"}"),
		STR_INIT("{\"__REALTIME_TIMESTAMP\":\"1795494534123456\",\"MESSAGE\":\"delivered id=1 "
			 "to=b@c.example reason=\\\"a \\\\\\\"b\\\\\\\" \\\\\\\\c\\\"\"}"),
	};
	static const str strangers[] = {
		STR_INIT(""), STR_INIT("2026-11-24T04:28:54.123Z "), STR_INIT("{\"event\":1}"),
		STR_INIT("Nov 24 04:28:54 host postfix/smtpd[1]: connect from unknown[192.0.2.1]"),
		STR_INIT("delivered id"), STR_INIT("delivered id=\"1"), STR_INIT("{\"MESSAGE\":{}}"),
		STR_INIT("{\"MESSAGE\":\"{\\\"MESSAGE\\\":\\\"delivered id=1\\\"}\"}"), STR_INIT("{"), STR_INIT("[]"),
	};
	/* clang-format on */
	const struct logline_clock clock = { .now_ms = NOW_MS };
	struct logline l;
	struct arena a;

	arena_init(&a, ARENA_UNLIMITED);
	for (size_t i = 0; i < LENGTH(lines); i++) {
		CHECK(logline_read(lines[i], &clock, &a, &l));
		CHECK_STR(l.event, S("delivered"));
		CHECK_INT(l.wall_ms / 1000, NOW_MS / 1000);
		CHECK_INT(logline_int(&l, "id"), 1);
		CHECK_STR(logline_value(&l, "to"), S("b@c.example"));
		CHECK_STR(logline_value(&l, "reason"), S("a \"b\" \\c"));
		CHECK_STR(logline_value(&l, "none"), S(""));
	}
	for (size_t i = 0; i < LENGTH(strangers); i++)
		CHECK(!logline_read(strangers[i], &clock, &a, &l));
	CHECK(logline_read(S("reloaded generation=2"), &clock, &a, &l));
	CHECK(l.wall_ms == LOGLINE_UNKNOWN);
	arena_free(&a);
}

static const char day[] =
	"2026-11-24T01:00:00.000Z accepted id=1 from=A@x.example recipients=2 size=1000\n"
	"2026-11-24T01:00:00.100Z accepted id=2 from=a@x.example recipients=1 size=500\n"
	"2026-11-24T01:00:01.000Z accepted id=3 from=\"\" recipients=1 size=10\n"
	"2026-11-24T01:00:02.000Z delivered id=1 to=b@y.example host=mx1.y.example size=1000 "
	"delay_ms=2000 code=250 status=2.0.0 reason=ok\n"
	"2026-11-24T02:00:02.000Z delivered id=2 to=B@y.example host=mx2.y.example size=500 "
	"delay_ms=4000 code=250 status=2.0.0 reason=ok\n"
	"2026-11-24T02:10:00.000Z not-delivered id=1 to=c@z.example host=mx.z.example delay_ms=9 "
	"code=450 status=4.2.1 reason=\"<c@z.example> is busy\"\n"
	"2026-11-24T02:10:01.000Z not-delivered id=1 to=d@z.example host=mx.z.example delay_ms=9 "
	"code=450 status=4.2.1 reason=\"<d@z.example> is busy\"\n"
	"2026-11-24T02:10:02.000Z not-delivered id=1 to=e@z.example host=mx.z.example delay_ms=9 "
	"code=550 status=5.1.1 reason=\"<e@z.example> unknown\"\n"
	"2026-11-24T02:10:03.000Z bounced id=1 notice=9 sender=a@x.example to=e@z.example "
	"recipients=1 code=550 status=5.1.1 reason=\"<e@z.example> unknown\"\n"
	"2026-11-24T03:00:00.000Z refused client=192.0.2.1 to=n@x.example code=550 status=5.1.1 "
	"reason=\"<n@x.example>: nobody\"\n"
	"2026-11-24T03:00:00.000Z session level=warning reason=\"strange\"\n"
	"something else\n";

static void read_day(struct report *r)
{
	str rest = S(day), line;
	struct arena step;

	arena_init(&step, ARENA_UNLIMITED);
	while (rest.n > 0) {
		str_cut(&rest, '\n', &line);
		report_line(r, line, NOW_MS, &step);
	}
	arena_free(&step);
}

TEST(report_counts_the_day)
{
	struct buf page = { 0 };
	struct report r;

	report_init(&r);
	read_day(&r);
	CHECK_INT(r.counts[REPORT_ACCEPTED], 3);
	CHECK_INT(r.counts[REPORT_DELIVERED], 2);
	CHECK_INT(r.counts[REPORT_DEFERRED], 2);
	CHECK_INT(r.counts[REPORT_BOUNCED], 1);
	CHECK_INT(r.counts[REPORT_REFUSED], 1);
	CHECK_INT(r.hours[2][REPORT_DEFERRED], 2);
	CHECK_INT(r.octets_delivered, 1500);
	CHECK_INT(r.strangers, 1);
	report_print(&r, &page);
	CHECK(str_find_str(buf_str(&page), S("        2     1.5 KiB  a@x.example\n")) <
		buf_str(&page).n);
	CHECK(str_find_str(buf_str(&page), S("        2         0           3 s  y.example\n")) <
		buf_str(&page).n);
	CHECK(str_find_str(buf_str(&page), S("        2  450 4.2.1 <> is busy\n")) <
		buf_str(&page).n);
	CHECK(str_find_str(buf_str(&page), S("        1  warning session: strange\n")) <
		buf_str(&page).n);
	buf_clear(&page);
	report_print_json(&r, &page);
	CHECK(str_find_str(buf_str(&page), S("\"delivered\": 2")) < buf_str(&page).n);
	buf_free(&page);
	report_free(&r);
}

TEST(report_keeps_to_its_time)
{
	struct report r;

	report_init(&r);
	r.since_ms = NOW_MS - 2 * 3600000 - 1800000; /* 01:58:54 */
	r.until_ms = NOW_MS - 2 * 3600000;
	read_day(&r);
	CHECK_INT(r.counts[REPORT_ACCEPTED], 0);
	CHECK_INT(r.counts[REPORT_DELIVERED], 1);
	CHECK_INT(r.counts[REPORT_BOUNCED], 1);
	CHECK_INT(r.counts[REPORT_REFUSED], 0);
	report_free(&r);
}
