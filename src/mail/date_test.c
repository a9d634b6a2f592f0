#include "test/test.h"

#include <stdio.h>
#include <time.h>

#include "base/prng.h"
#include "mail/date.h"

TEST(date_is_printed_as_it_was_agreed)
{
	/* clang-format off */
	static const struct {
		int64_t ms;
		int zone;
		const char *date, *iso;
	} cases[] = {
		{ 1795494534123, 0, "Tue, 24 Nov 2026 04:28:54 +0000", "2026-11-24T04:28:54.123Z" },
		{ 1795494534123, 60, "Tue, 24 Nov 2026 05:28:54 +0100",
			"2026-11-24T04:28:54.123Z" },
		{ 1795494534123, -570, "Mon, 23 Nov 2026 18:58:54 -0930",
			"2026-11-24T04:28:54.123Z" },
		{ 0, 0, "Thu, 01 Jan 1970 00:00:00 +0000", "1970-01-01T00:00:00.000Z" },
		{ -1, 0, "Wed, 31 Dec 1969 23:59:59 +0000", "1969-12-31T23:59:59.999Z" },
		{ 951782400000, 0, "Tue, 29 Feb 2000 00:00:00 +0000", "2000-02-29T00:00:00.000Z" },
		{ 4107542400000, 0, "Mon, 01 Mar 2100 00:00:00 +0000", "2100-03-01T00:00:00.000Z" },
	};
	/* clang-format on */

	for (size_t i = 0; i < LENGTH(cases); i++) {
		char text[DATE_TEXT_MAX];

		CHECK_STR(str_of(date_print(cases[i].ms, cases[i].zone, text)),
			str_of(cases[i].date));
		CHECK_STR(str_of(date_print_iso(cases[i].ms, text)), str_of(cases[i].iso));
	}
}

TEST(date_agrees_with_the_c_library)
{
	struct prng r;

	prng_seed(&r, 5);
	for (int i = 0; i < 20000; i++) {
		int64_t second = prng_between(&r, -60000000000, 200000000000);
		char got[DATE_TEXT_MAX], want[64];
		time_t t = (time_t)second;
		struct tm tm;

		gmtime_r(&t, &tm);
		strftime(want, sizeof want, "%a, %d %b ", &tm);
		snprintf(want + strlen(want), 40, "%04d %02d:%02d:%02d +0000", tm.tm_year + 1900,
			tm.tm_hour, tm.tm_min, tm.tm_sec);
		CHECK_STR(str_of(date_print(second * 1000, 0, got)), str_of(want));
	}
}

TEST(date_is_read_back_as_logs_have_it)
{
	/* clang-format off */
	static const struct {
		str text, rest;
		int zone;
		int64_t ms;
	} cases[] = {
		{ STR_INIT("2026-11-24T04:28:54.123Z x"), STR_INIT(" x"), 60, 1795494534123 },
		{ STR_INIT("2026-11-24T05:28:54+0100"), STR_INIT(""), 0, 1795494534000 },
		{ STR_INIT("2026-11-23 18:58:54.123456-09:30 x"), STR_INIT(" x"), 0, 1795494534123 },
		{ STR_INIT("2026-11-24T05:28"), STR_INIT(""), 60, 1795494480000 },
		{ STR_INIT("2026-11-24"), STR_INIT(""), 0, 1795478400000 },
		{ STR_INIT("2000-02-29 x"), STR_INIT(" x"), 0, 951782400000 },
		{ STR_INIT("2100-03-01T00:00:00Z"), STR_INIT(""), 0, 4107542400000 },
		{ STR_INIT("1969-12-31T23:59:59.999Z"), STR_INIT(""), 0, -1 },
	};
	static const str bad[] = { STR_INIT(""), STR_INIT("2026-13-01"), STR_INIT("2026-00-01"),
		STR_INIT("26-11-24"), STR_INIT("2026-11-32"), STR_INIT("2026-11") };
	/* clang-format on */

	for (size_t i = 0; i < LENGTH(cases); i++) {
		str rest = cases[i].text;
		int64_t ms;

		CHECK(date_take_iso(&rest, cases[i].zone, &ms));
		CHECK_INT(ms, cases[i].ms);
		CHECK_STR(rest, cases[i].rest);
	}
	for (size_t i = 0; i < LENGTH(bad); i++) {
		str rest = bad[i];
		int64_t ms;

		CHECK(!date_take_iso(&rest, 0, &ms));
		CHECK_STR(rest, bad[i]);
	}
}

TEST(date_of_syslog_is_of_the_year_that_has_just_been)
{
	int64_t now_ms = 1795494534123, ms; /* Tue, 24 Nov 2026 04:28:54 */
	str rest = S("Nov 24 05:28:54 host x");

	CHECK(date_take_syslog(&rest, now_ms, 60, &ms));
	CHECK_INT(ms, 1795494534000);
	CHECK_STR(rest, S(" host x"));
	rest = S("Jan  2 00:00:00 ");
	CHECK(date_take_syslog(&rest, now_ms, 0, &ms));
	CHECK_INT(ms, INT64_C(1767312000000)); /* 2026-01-02 */
	rest = S("Dec 31 00:00:00 ");
	CHECK(date_take_syslog(&rest, now_ms, 0, &ms));
	CHECK_INT(ms, INT64_C(1767139200000)); /* 2025-12-31 */
	rest = S("Nix 31 00:00:00 ");
	CHECK(!date_take_syslog(&rest, now_ms, 0, &ms));
}
