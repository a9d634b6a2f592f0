#include "mail/date.h"

#include <stdio.h>

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
