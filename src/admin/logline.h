/*
 * admin/logline - a line of our log, read back
 *
 * As world/logger writes it, plain or JSON; as systemd's journal shows it (short, short-iso, cat,
 * json, and all that put "HOST NAME[PID]: " in front); as syslog stores it.  Lines of others are
 * no records.
 */
#ifndef ADMIN_LOGLINE_H
#define ADMIN_LOGLINE_H

#include "base/arena.h"
#include "base/str.h"

#define LOGLINE_PAIRS_MAX 64 /* of one record; more are left out */
#define LOGLINE_UNKNOWN INT64_MIN

struct logline_pair {
	str key, value;
};

struct logline {
	int64_t wall_ms; /* LOGLINE_UNKNOWN where the line does not say */
	str event;
	struct logline_pair pairs[LOGLINE_PAIRS_MAX];
	size_t count;
};

/* What dates without a year or a zone are read by. */
struct logline_clock {
	int64_t now_ms;
	int zone_minutes;
};

/* The strs are the line's, or in the arena, which must have no limit and is the caller's to reset.
 * False: it is none of our records. */
bool logline_read(
	str line, const struct logline_clock *clock, struct arena *a, struct logline *to) MUST_USE;

/* "" where there is none. */
str logline_value(const struct logline *l, const char *key);
int64_t logline_int(const struct logline *l, const char *key); /* 0 where there is none */

#endif
