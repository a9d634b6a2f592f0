#include "mail/date.h"

#include <stdio.h>

#include "base/ascii.h"

struct civil {
	int64_t year;
	unsigned month, day, weekday; /* month and day from 1; weekday from Sunday */
	unsigned hour, minute, second, ms;
};

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* The Gregorian calendar, for any year.  Counted in years that begin in March, so that the leap day
 * is the last one, and in eras of 400 years, which are alike. */
static struct civil civil_of(int64_t ms)
{
	int64_t days = floor_div(ms, 86400000), from_march = days + 719468;
	int64_t era = floor_div(from_march, 146097);
	unsigned rest = (unsigned)(ms - days * 86400000);
	unsigned day_of_era = (unsigned)(from_march - era * 146097);
	unsigned year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	unsigned day = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	unsigned month = (5 * day + 2) / 153; /* 0 is March */
	struct civil c;

	c.day = day - (153 * month + 2) / 5 + 1;
	c.month = month < 10 ? month + 3 : month - 9;
	c.year = era * 400 + year_of_era + (c.month <= 2);
	c.weekday = (unsigned)(days + 4 - 7 * floor_div(days + 4, 7));
	c.hour = rest / 3600000;
	c.minute = rest / 60000 % 60;
	c.second = rest / 1000 % 60;
	c.ms = rest % 1000;
	return c;
}

char *date_print(int64_t wall_ms, int zone_minutes, char to[DATE_TEXT_MAX])
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct civil c = civil_of(wall_ms + (int64_t)zone_minutes * 60000);
	unsigned zone = (unsigned)(zone_minutes < 0 ? -zone_minutes : zone_minutes);

	snprintf(to, DATE_TEXT_MAX, "%.3s, %02u %.3s %04lld %02u:%02u:%02u %c%02u%02u",
		days + 3 * c.weekday, c.day, months + 3 * (c.month - 1), (long long)c.year, c.hour,
		c.minute, c.second, zone_minutes < 0 ? '-' : '+', zone / 60 % 100, zone % 60);
	return to;
}

char *date_print_iso(int64_t wall_ms, char to[DATE_TEXT_MAX])
{
	struct civil c = civil_of(wall_ms);

	snprintf(to, DATE_TEXT_MAX, "%04lld-%02u-%02uT%02u:%02u:%02u.%03uZ", (long long)c.year,
		c.month, c.day, c.hour, c.minute, c.second, c.ms);
	return to;
}

/* Days from 1970 to a day of the Gregorian calendar; the same count as in civil_of. */
static int64_t days_of(int64_t year, unsigned month, unsigned day)
{
	int64_t y = year - (month <= 2), era = floor_div(y, 400);
	int64_t of_era = y - era * 400, from_march = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + from_march + day - 1 -
	       719468;
}

/* Exactly n digits. */
static bool take_digits(str *rest, size_t n, unsigned *value)
{
	*value = 0;
	if (rest->n < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!ascii_digit(rest->p[i]))
			return false;
		*value = *value * 10 + (unsigned)(rest->p[i] - '0');
	}
	*rest = str_skip(*rest, n);
	return true;
}

static bool take_sign(str *rest, char c)
{
	if (rest->n == 0 || rest->p[0] != c)
		return false;
	*rest = str_skip(*rest, 1);
	return true;
}

/* "04:28" and what may stand behind it: ":54.123" */
static bool take_clock(str *rest, int64_t *ms)
{
	unsigned hour, minute, second = 0, digit, scale = 100;

	*ms = 0;
	if (!take_digits(rest, 2, &hour) || !take_sign(rest, ':') || !take_digits(rest, 2, &minute))
		return false;
	if (take_sign(rest, ':') && !take_digits(rest, 2, &second))
		return false;
	if (rest->n > 0 && (rest->p[0] == '.' || rest->p[0] == ',')) {
		*rest = str_skip(*rest, 1);
		for (; take_digits(rest, 1, &digit); scale /= 10)
			*ms += digit * scale;
	}
	*ms += (int64_t)hour * 3600000 + minute * 60000 + second * 1000;
	return hour < 24 && minute < 60 && second <= 60;
}

static bool take_zone(str *rest, int *minutes)
{
	unsigned hour, minute;
	str at = *rest;
	bool west = take_sign(&at, '-');

	if (take_sign(rest, 'Z')) {
		*minutes = 0;
		return true;
	}
	if ((!west && !take_sign(&at, '+')) || !take_digits(&at, 2, &hour))
		return false;
	(void)!take_sign(&at, ':');
	if (!take_digits(&at, 2, &minute))
		return false;
	*minutes = (int)(hour * 60 + minute) * (west ? -1 : 1);
	*rest = at;
	return true;
}

bool date_take_iso(str *rest, int zone_minutes, int64_t *wall_ms)
{
	str at = *rest, behind;
	unsigned year, month, day;
	int64_t clock_ms = 0;

	if (!take_digits(&at, 4, &year) || !take_sign(&at, '-') || !take_digits(&at, 2, &month) ||
		!take_sign(&at, '-') || !take_digits(&at, 2, &day) || month < 1 || month > 12 ||
		day < 1 || day > 31)
		return false;
	behind = at;
	if ((take_sign(&behind, 'T') || take_sign(&behind, ' ')) &&
		take_clock(&behind, &clock_ms)) {
		at = behind;
		(void)!take_zone(&at, &zone_minutes);
	} else {
		clock_ms = 0;
	}
	*wall_ms = days_of(year, month, day) * 86400000 + clock_ms - (int64_t)zone_minutes * 60000;
	*rest = at;
	return true;
}

bool date_take_syslog(str *rest, int64_t now_ms, int zone_minutes, int64_t *wall_ms)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct civil now = civil_of(now_ms + (int64_t)zone_minutes * 60000);
	str at = *rest;
	unsigned month = 0, day;
	int64_t clock_ms;

	while (month < 12 && !str_starts(at, str_from(months + (size_t)3 * month, 3)))
		month++;
	at = str_skip(at, 3);
	if (month == 12 || !take_sign(&at, ' '))
		return false;
	if (take_sign(&at, ' ') ? !take_digits(&at, 1, &day) : !take_digits(&at, 2, &day))
		return false;
	if (day < 1 || day > 31 || !take_sign(&at, ' ') || !take_clock(&at, &clock_ms))
		return false;
	clock_ms -= (int64_t)zone_minutes * 60000;
	*wall_ms = days_of(now.year, month + 1, day) * 86400000 + clock_ms;
	if (*wall_ms > now_ms + 86400000)
		*wall_ms = days_of(now.year - 1, month + 1, day) * 86400000 + clock_ms;
	*rest = at;
	return true;
}
