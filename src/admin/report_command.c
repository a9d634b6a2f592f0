/* admin/report: the command line, and reading the log. */
#include "admin/exit.h"
#include "admin/report.h"
#include "base/arena.h"
#include "base/number.h"
#include "mail/date.h"
#include "world/clock.h"
#include "world/input.h"

/* "24h": so long ago; else a date, local where it has no zone. */
static bool take_time(str value, int64_t now_ms, int zone_minutes, int64_t *wall_ms)
{
	int64_t ago_ms;

	if (number_parse_time(value, &ago_ms)) {
		*wall_ms = now_ms - ago_ms;
		return true;
	}
	return date_take_iso(&value, zone_minutes, wall_ms) && value.n == 0;
}

static bool take_option(struct report *r, str name, str value, int64_t now_ms)
{
	uint64_t n;

	if (str_eq(name, S("--since")))
		return take_time(value, now_ms, r->zone_minutes, &r->since_ms);
	if (str_eq(name, S("--until")))
		return take_time(value, now_ms, r->zone_minutes, &r->until_ms);
	if (!str_eq(name, S("--top")) || !number_parse(value, REPORT_TOP_MAX, &n) || n == 0)
		return false;
	r->top = (size_t)n;
	return true;
}

/* Options are taken, files are counted.  False: *out says what is wrong. */
static bool read_options(struct report *r, const str *words, size_t count, int64_t now_ms,
	size_t *files, struct buf *out)
{
	char shown[80];

	*files = 0;
	for (size_t i = 0; i < count; i++) {
		if (!str_starts(words[i], S("--"))) {
			++*files;
		} else if (i + 1 < count && take_option(r, words[i], words[i + 1], now_ms)) {
			i++;
		} else {
			buf_putf(out, "%s %s\n", fail_clean(words[i], shown, sizeof shown),
				i + 1 < count ? "is no such option, or its value is wrong"
					      : "wants a value");
			return false;
		}
	}
	if (*files > 0 || !input_is_terminal())
		return true;
	buf_put(out, S("a report is made of a log: name its files, or give it on standard input, "
		       "as in\n  journalctl -u facteur --since today | facteur report\n"));
	return false;
}

static bool read_log(struct report *r, str path, int64_t now_ms, struct fail *why)
{
	struct input *in = input_open(path, why);
	struct arena step;
	str line;

	if (!in)
		return false;
	arena_init(&step, ARENA_UNLIMITED); /* of one line, and lines have a limit */
	while (input_line(in, &line, why))
		report_line(r, line, now_ms, &step);
	arena_free(&step);
	input_close(in);
	return why->kind == FAIL_NONE;
}

static bool read_logs(struct report *r, const str *words, size_t count, size_t files,
	int64_t now_ms, struct fail *why)
{
	if (files == 0)
		return read_log(r, S("-"), now_ms, why);
	for (size_t i = 0; i < count; i++) {
		if (str_starts(words[i], S("--")))
			i++;
		else if (!read_log(r, words[i], now_ms, why))
			return false;
	}
	return true;
}

int report_command(const str *words, size_t count, bool json, struct buf *out, bool *answered)
{
	int64_t now_ms = clock_wall_ms();
	struct fail why = { 0 };
	struct report r;
	size_t files;
	int code = EXIT_USAGE;

	report_init(&r);
	r.zone_minutes = clock_zone_minutes(now_ms);
	*answered = false;
	if (read_options(&r, words, count, now_ms, &files, out)) {
		*answered = read_logs(&r, words, count, files, now_ms, &why);
		code = *answered ? EXIT_DONE : why.kind == FAIL_PERMANENT ? EXIT_NO : EXIT_AGAIN;
		if (!*answered)
			buf_putf(out, "%s\n", why.text);
		else if (json)
			report_print_json(&r, out);
		else
			report_print(&r, out);
	}
	report_free(&r);
	return code;
}
