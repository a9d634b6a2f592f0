#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/ascii.h"
#include "base/utf8.h"

/* Atomic: a reload sets them while other threads log. */
static log_sink *_Atomic log_to;
static _Atomic enum log_level log_lowest = LOG_INFO;
static _Atomic enum log_format log_shape = LOG_PLAIN;

void log_setup(log_sink *sink, enum log_level lowest, enum log_format format)
{
	log_to = sink;
	log_lowest = lowest;
	log_shape = format;
}

bool log_wanted(enum log_level level)
{
	return log_to && level >= log_lowest;
}

/* Room is kept at the end for what closes a record: a quote, a brace. */
#define CLOSING_MAX 8

static void put(struct log_record *r, str s)
{
	size_t room = sizeof r->text - CLOSING_MAX - r->n;

	if (s.n > room) {
		r->cut = true;
		return;
	}
	if (s.n > 0)
		memcpy(r->text + r->n, s.p, s.n);
	r->n += s.n;
}

/* A value inside quotes, in a form that both shapes share: JSON's escapes. */
static void put_escaped(struct log_record *r, str value)
{
	while (value.n > 0 && !r->cut) {
		size_t n = utf8_first(value);
		char c = value.p[0];

		if (n == 0 || ascii_control(c)) {
			put(r, S("?"));
			n = 1;
		} else if (c == '"' || c == '\\') {
			put(r, S("\\"));
			put(r, str_first(value, 1));
		} else {
			put(r, str_first(value, n));
		}
		value = str_skip(value, n);
	}
}

static bool plain_word(str value)
{
	if (value.n == 0)
		return false;
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] <= ' ' || value.p[i] == '"' || value.p[i] == '\\' ||
			value.p[i] == '=' || value.p[i] == 0x7f)
			return false;
	return true;
}

static void put_key(struct log_record *r, const char *key)
{
	if (log_shape == LOG_JSON)
		put(r, S(",\""));
	else
		put(r, S(" "));
	put(r, str_of(key));
	put(r, log_shape == LOG_JSON ? S("\":") : S("="));
}

/* Undo a pair that did not fit: a record has whole pairs or says that it was cut. */
static void put_pair(struct log_record *r, const char *key, str value, bool quoted)
{
	size_t before = r->n;

	if (r->cut)
		return;
	put_key(r, key);
	if (quoted) {
		put(r, S("\""));
		put_escaped(r, value);
		put(r, S("\""));
	} else {
		put(r, value);
	}
	if (r->cut)
		r->n = before;
}

void log_open(struct log_record *r, enum log_level level, const char *event)
{
	static const char *const names[] = { "debug", "info", "warning", "error" };

	r->level = level;
	r->n = 0;
	r->cut = false;
	if (log_shape == LOG_JSON) {
		put(r, S("{\"event\":\""));
		put(r, str_of(event));
		put(r, S("\""));
		put_pair(r, "level", str_of(names[level]), true);
		return;
	}
	put(r, str_of(event));
	if (level != LOG_INFO)
		put_pair(r, "level", str_of(names[level]), false);
}

void log_str(struct log_record *r, const char *key, str value)
{
	put_pair(r, key, value, log_shape == LOG_JSON || !plain_word(value));
}

void log_c(struct log_record *r, const char *key, const char *value)
{
	log_str(r, key, str_of(value));
}

void log_int(struct log_record *r, const char *key, int64_t value)
{
	char text[24];

	snprintf(text, sizeof text, "%lld", (long long)value);
	put_pair(r, key, str_of(text), false);
}

void log_id(struct log_record *r, const char *key, uint64_t id)
{
	char text[LOG_ID_TEXT_MAX];

	log_c(r, key, log_id_print(id, text));
}

void log_fail(struct log_record *r, const struct fail *why)
{
	if (why->code)
		log_int(r, "code", why->code);
	if (why->status[0])
		log_c(r, "status", why->status);
	log_c(r, "reason", why->text);
	if (why->origin[0])
		log_c(r, "rule", why->origin);
	if (why->limit)
		log_c(r, "limit", why->limit);
}

void log_close(struct log_record *r)
{
	log_sink *to = log_to; /* a call through it would not be an atomic read with GCC */

	if (!to || !log_wanted(r->level))
		return;
	if (r->cut) {
		if (log_shape == LOG_PLAIN)
			memcpy(r->text + r->n, " ...", 4);
		r->n += log_shape == LOG_JSON ? 0 : 4;
	}
	if (log_shape == LOG_JSON)
		r->text[r->n++] = '}';
	to(r->level, (str){ r->text, r->n });
}

void log_line(enum log_level level, const char *event, const char *format, ...)
{
	struct log_record r;
	char text[1024];
	va_list args;

	if (!log_wanted(level))
		return;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	log_open(&r, level, event);
	log_c(&r, "text", text);
	log_close(&r);
}

/* Crockford's alphabet: no letter that looks like a digit. */
static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

char *log_id_print(uint64_t id, char to[LOG_ID_TEXT_MAX])
{
	for (int i = 12; i >= 0; i--) {
		to[i] = alphabet[id & 31];
		id >>= 5;
	}
	to[13] = '\0';
	return to;
}

bool log_id_parse(str s, uint64_t *id)
{
	uint64_t n = 0;

	if (s.n != 13)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		const char *at = memchr(alphabet, s.p[i], 32);

		if (!at || (i == 0 && at - alphabet > 15))
			return false;
		n = n << 5 | (uint64_t)(at - alphabet);
	}
	*id = n;
	return true;
}
