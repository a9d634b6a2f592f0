#include "admin/logline.h"

#include <jansson.h>

#include "base/ascii.h"
#include "base/number.h"
#include "mail/date.h"

#define JOURNAL_DEPTH_MAX 1 /* a journal's record holds ours, and ours holds none */

static void add(struct logline *to, str key, str value)
{
	if (to->count < LOGLINE_PAIRS_MAX)
		to->pairs[to->count++] = (struct logline_pair){ key, value };
}

str logline_value(const struct logline *l, const char *key)
{
	for (size_t i = 0; i < l->count; i++)
		if (str_eq(l->pairs[i].key, str_of(key)))
			return l->pairs[i].value;
	return S("");
}

int64_t logline_int(const struct logline *l, const char *key)
{
	str text = logline_value(l, key);
	bool negative = str_starts(text, S("-"));
	uint64_t n;

	if (!number_parse(str_skip(text, negative), INT64_MAX / 2, &n))
		return 0;
	return negative ? -(int64_t)n : (int64_t)n;
}

/* --- plain -------------------------------------------------------------------------------------
 */

/* Names of events and keys: letters, digits, "-" and "_". */
static bool is_name(str s)
{
	if (s.n == 0 || !ascii_letter(s.p[0]))
		return false;
	for (size_t i = 1; i < s.n; i++)
		if (!ascii_letter(s.p[i]) && !ascii_digit(s.p[i]) && s.p[i] != '-' && s.p[i] != '_')
			return false;
	return true;
}

/* What stands in quotes: *rest is behind the opening one.  False: they do not close. */
static bool take_quoted(str *rest, struct arena *a, str *value)
{
	char *to = arena_alloc(a, rest->n + 1);
	size_t n = 0, i = 0;

	for (; i < rest->n && rest->p[i] != '"'; i++) {
		if (rest->p[i] == '\\' && i + 1 < rest->n)
			i++;
		to[n++] = rest->p[i];
	}
	if (i == rest->n)
		return false;
	*value = str_from(to, n);
	*rest = str_skip(*rest, i + 1);
	return true;
}

/* A record that was cut ends in "..."; what else is no pair makes it no record. */
static bool read_plain(str line, struct arena *a, struct logline *to)
{
	str rest = line, key, value;

	if (!str_word(&rest, &to->event) || !is_name(to->event))
		return false;
	for (rest = str_trim(rest); rest.n > 0; rest = str_trim(rest)) {
		if (str_eq(rest, S("...")))
			return true;
		if (!str_cut(&rest, '=', &key) || !is_name(key))
			return false;
		if (str_starts(rest, S("\""))) {
			rest = str_skip(rest, 1);
			if (!take_quoted(&rest, a, &value))
				return false;
		} else if (!str_cut(&rest, ' ', &value)) {
			rest = S("");
		}
		add(to, key, value);
	}
	return true;
}

/* --- JSON --------------------------------------------------------------------------------------
 */

static bool read_text(str line, const struct logline_clock *clock, struct arena *a,
	struct logline *to, unsigned depth);

static str text_of(const json_t *value, struct arena *a)
{
	if (json_is_integer(value))
		return arena_printf(a, "%lld", (long long)json_integer_value(value));
	if (json_is_string(value))
		return arena_copy(a, (str){ json_string_value(value), json_string_length(value) });
	return S("");
}

static void take_journal_time(const json_t *object, struct arena *a, struct logline *to)
{
	uint64_t us;

	if (to->wall_ms == LOGLINE_UNKNOWN &&
		number_parse(text_of(json_object_get(object, "__REALTIME_TIMESTAMP"), a), INT64_MAX,
			&us))
		to->wall_ms = (int64_t)(us / 1000);
}

static void take_members(
	const json_t *object, int zone_minutes, struct arena *a, struct logline *to)
{
	json_t *members = (json_t *)object, *value;
	const char *key;

	json_object_foreach(members, key, value)
	{
		str text = text_of(value, a);

		if (strcmp(key, "event") == 0)
			to->event = text;
		else if (strcmp(key, "time") == 0)
			(void)!date_take_iso(&text, zone_minutes, &to->wall_ms);
		else
			add(to, arena_copy(a, str_of(key)), text);
	}
}

static bool read_json(str line, const struct logline_clock *clock, struct arena *a,
	struct logline *to, unsigned depth)
{
	json_t *object = json_loadb(line.p, line.n, 0, NULL);
	const json_t *message;
	bool ok = false;

	if (!json_is_object(object)) {
		json_decref(object);
		return false;
	}
	message = json_object_get(object, "MESSAGE");
	if (json_is_string(json_object_get(object, "event"))) {
		take_members(object, clock->zone_minutes, a, to);
		ok = is_name(to->event);
	} else if (json_is_string(message) && depth < JOURNAL_DEPTH_MAX) {
		ok = read_text(text_of(message, a), clock, a, to, depth + 1);
		take_journal_time(object, a, to);
	}
	json_decref(object);
	return ok;
}

/* --- what stands in front ----------------------------------------------------------------------
 */

/* "HOST NAME[PID]: " or "HOST NAME: ", where it is there. */
static str without_sender(str line)
{
	str rest = line, host, name;

	if (!str_word(&rest, &host) || !str_word(&rest, &name) || !str_ends(name, S(":")) ||
		str_has(name, '='))
		return line;
	return str_trim(rest);
}

static bool read_text(str line, const struct logline_clock *clock, struct arena *a,
	struct logline *to, unsigned depth)
{
	bool dated = date_take_iso(&line, clock->zone_minutes, &to->wall_ms) ||
		     date_take_syslog(&line, clock->now_ms, clock->zone_minutes, &to->wall_ms);

	line = str_trim(line);
	if (dated)
		line = without_sender(line);
	if (str_starts(line, S("{")))
		return read_json(line, clock, a, to, depth);
	return read_plain(line, a, to);
}

bool logline_read(str line, const struct logline_clock *clock, struct arena *a, struct logline *to)
{
	*to = (struct logline){ .wall_ms = LOGLINE_UNKNOWN };
	return read_text(line, clock, a, to, 0);
}
