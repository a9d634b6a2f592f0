#include "admin/dmarc.h"

#include "admin/exit.h"
#include "admin/json.h"
#include "mail/date.h"
#include "world/file.h"
#include "world/daybook.h"

#define DAY_TEXT 10 /* of a date in ISO form */

/* One domain on one day, while its rows go by. */
struct of_day {
	bool open;
	int64_t day;
	char domain[256];
	char policy[DAYBOOK_OCTETS_MAX + 1]; /* of its most frequent row */
	uint64_t messages, passed, quarantined, refused;
	json_t *rows;    /* null: not as JSON */
	struct buf text; /* the same, as text */
};

struct listing {
	struct buf *out;
	json_t *days; /* null: as text */
	bool rows;    /* each of them */
	str day;      /* "": all */
	uint64_t lost;
	struct of_day now;
};

/* --- facts (flow/dmarc_fact) --------------------------------------------------------------------
 */

static bool next_line(str *fact, str *word, str *value)
{
	str line;

	if (fact->n == 0)
		return false;
	str_cut(fact, '\n', &line);
	*value = line;
	str_cut(value, ' ', word);
	return true;
}

static str value_of(str fact, str wanted)
{
	str word, value;

	while (next_line(&fact, &word, &value))
		if (str_eq(word, wanted))
			return value;
	return S("");
}

static bool says(str fact, str word, str value)
{
	return str_eq(value_of(fact, word), value);
}

/* "DOMAIN BY RESULT". */
static json_t *auth_json(str method, str value)
{
	json_t *one = json_object();
	str domain, by;

	str_cut(&value, ' ', &domain);
	str_cut(&value, ' ', &by);
	json_put_str(one, "method", method);
	json_put_str(one, "domain", domain);
	json_put_str(one, str_eq(method, S("dkim")) ? "selector" : "scope", by);
	json_put_str(one, "result", value);
	return one;
}

static json_t *row_json(str fact, uint64_t count)
{
	json_t *row = json_object(), *auth = json_array();
	char key[64];
	str word, value;

	json_put_int(row, "count", (int64_t)count);
	while (next_line(&fact, &word, &value)) {
		if (str_starts(word, S("auth_")))
			json_array_append_new(auth, auth_json(str_skip(word, 5), value));
		else
			json_put_str(row, str_to_c(word, key, sizeof key), value);
	}
	json_object_set_new(row, "auth", auth);
	return row;
}

static void put_row(struct buf *out, str fact, uint64_t count)
{
	str override = value_of(fact, S("override")), word, value;

	buf_putf(out, "  %6llu  %.*s  from %.*s, envelope %.*s: dkim %.*s, spf %.*s, %.*s\n",
		(unsigned long long)count, STR(value_of(fact, S("source"))),
		STR(value_of(fact, S("header_from"))), STR(value_of(fact, S("envelope_from"))),
		STR(value_of(fact, S("dkim"))), STR(value_of(fact, S("spf"))),
		STR(value_of(fact, S("disposition"))));
	if (override.n > 0)
		buf_putf(out, "          because of %.*s\n", STR(override));
	while (next_line(&fact, &word, &value))
		if (str_starts(word, S("auth_")))
			buf_putf(out, "          %.*s %.*s\n", STR(str_skip(word, 5)), STR(value));
}

/* --- days ---------------------------------------------------------------------------------------
 */

static void end_day(struct listing *l)
{
	struct of_day *d = &l->now;
	char date[DATE_TEXT_MAX];
	json_t *one;

	if (!d->open)
		return;
	d->open = false;
	date_print_iso(d->day * DAYBOOK_DAY_S * 1000, date);
	if (!l->days) {
		buf_putf(l->out,
			"%.*s %s: %llu messages, %llu passed, %llu quarantined, %llu refused; %s\n",
			DAY_TEXT, date, d->domain, (unsigned long long)d->messages,
			(unsigned long long)d->passed, (unsigned long long)d->quarantined,
			(unsigned long long)d->refused, d->policy);
		buf_put(l->out, buf_str(&d->text));
		buf_free(&d->text);
		return;
	}
	one = json_object();
	json_put_str(one, "day", str_first(str_of(date), DAY_TEXT));
	json_put_str(one, "domain", str_of(d->domain));
	json_put_int(one, "messages", (int64_t)d->messages);
	json_put_int(one, "passed", (int64_t)d->passed);
	json_put_int(one, "quarantined", (int64_t)d->quarantined);
	json_put_int(one, "refused", (int64_t)d->refused);
	json_put_str(one, "policy", str_of(d->policy));
	if (d->rows)
		json_object_set_new(one, "rows", d->rows);
	json_array_append_new(l->days, one);
}

static void begin_day(struct listing *l, int64_t day, str domain, str fact)
{
	struct of_day *d = &l->now;

	end_day(l);
	*d = (struct of_day){ .open = true, .day = day };
	str_to_c(domain, d->domain, sizeof d->domain);
	str_to_c(value_of(fact, S("policy")), d->policy, sizeof d->policy);
	if (l->days && l->rows)
		d->rows = json_array();
}

static bool wanted(const struct listing *l, int64_t day)
{
	char date[DATE_TEXT_MAX];

	date_print_iso(day * DAYBOOK_DAY_S * 1000, date);
	return l->day.n == 0 || str_eq(l->day, str_first(str_of(date), DAY_TEXT));
}

static void add_row(void *owner, int64_t day, str topic, str fact, uint64_t count)
{
	struct listing *l = owner;
	struct of_day *d = &l->now;

	if (!wanted(l, day))
		return;
	if (str_eq(topic, S(DAYBOOK_LOST))) {
		l->lost += count;
		return;
	}
	if (!d->open || d->day != day || !str_eq(str_of(d->domain), topic))
		begin_day(l, day, topic, fact);
	d->messages += count;
	if (says(fact, S("dkim"), S("pass")) || says(fact, S("spf"), S("pass")))
		d->passed += count;
	else if (says(fact, S("disposition"), S("quarantine")))
		d->quarantined += count;
	else if (says(fact, S("disposition"), S("reject")))
		d->refused += count;
	if (d->rows)
		json_array_append_new(d->rows, row_json(fact, count));
	else if (l->rows)
		put_row(&d->text, fact, count);
}

static void print_end(struct listing *l)
{
	json_t *all;

	end_day(l);
	if (l->days) {
		all = json_object();
		json_object_set_new(all, "days", l->days);
		json_put_int(all, "lost", (int64_t)l->lost);
		json_print(all, l->out);
	} else if (l->lost > 0) {
		buf_putf(l->out, "%llu messages found no room\n", (unsigned long long)l->lost);
	}
}

/* --- the command --------------------------------------------------------------------------------
 */

static bool read_words(struct listing *l, str *domain, const str *words, size_t count)
{
	int64_t ms;
	str rest;

	for (size_t i = 0; i < count; i++) {
		if (str_eq(words[i], S("--day")) && i + 1 < count) {
			rest = l->day = words[++i];
			if (rest.n != DAY_TEXT || !date_take_iso(&rest, 0, &ms) || rest.n > 0)
				return false;
		} else if (domain->n == 0 && words[i].n > 0 && words[i].p[0] != '-') {
			*domain = words[i];
			l->rows = true;
		} else {
			return false;
		}
	}
	return true;
}

int dmarc_command(const struct conf *c, const str *words, size_t count, bool json, struct buf *out,
	bool *answered)
{
	struct listing l = { .out = out, .days = json ? json_array() : NULL };
	str domain = S("");
	struct fail why;
	struct arena a;
	bool read;

	if (!read_words(&l, &domain, words, count)) {
		buf_put(out, S("dmarc wants [DOMAIN] [--day YYYY-MM-DD]\n"));
		json_decref(l.days);
		return EXIT_USAGE;
	}
	arena_init(&a, ARENA_UNLIMITED);
	read = daybook_read(file_path(&a, c->state_dir, S("dmarc")), domain, add_row, &l, &why);
	arena_free(&a);
	if (!read) {
		if (l.now.open)
			json_decref(l.now.rows);
		buf_free(&l.now.text);
		json_decref(l.days);
		buf_clear(out);
		buf_putf(out, "%s\n", why.text);
		return EXIT_AGAIN;
	}
	*answered = true;
	print_end(&l);
	return EXIT_DONE;
}
