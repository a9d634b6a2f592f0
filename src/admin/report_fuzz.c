/* Laws, whatever a log says: each line is counted as ours, a stranger's or undated; no list grows
 * over its limit; what is printed is clean. */
#include "test/fuzz.h"

#include "admin/report.h"
#include "base/arena.h"
#include "base/ascii.h"
#include "base/utf8.h"

#define NOW_MS 1795494534123

static void check_clean(str text)
{
	str line;

	LAW(str_ends(text, S("\n")));
	while (str_cut(&text, '\n', &line)) {
		LAW(line.n < 1000);
		for (size_t i = 0; i < line.n; i++)
			LAW(!ascii_control(line.p[i]));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	str rest = str_from(data, size), line;
	struct buf page = { 0 };
	uint64_t lines = 0;
	struct arena step;
	struct report r;

	report_init(&r);
	arena_init(&step, ARENA_UNLIMITED);
	if (size > 0 && data[0] & 1)
		r.since_ms = NOW_MS - 86400000;
	while (rest.n > 0) {
		str_cut(&rest, '\n', &line);
		report_line(&r, line, NOW_MS, &step);
		lines++;
	}
	LAW(r.records + r.strangers + r.undated <= lines);
	LAW(r.since_ms != INT64_MIN || r.records + r.strangers + r.undated == lines);
	LAW(r.counts[REPORT_ACCEPTED] <= (int64_t)lines);
	LAW(r.refusals.rows.count <= TALLY_KEYS_MAX);
	report_print(&r, &page);
	check_clean(buf_str(&page));
	buf_clear(&page);
	report_print_json(&r, &page);
	LAW(utf8_ascii(buf_str(&page)) || buf_str(&page).n > 0);
	buf_free(&page);
	arena_free(&step);
	report_free(&r);
	return 0;
}
