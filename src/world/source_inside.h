/*
 * world/source_inside - what the kinds of sources share; nobody else looks here
 *
 * All of it runs in a thread that may block, until a moment of the steady clock.
 */
#ifndef WORLD_SOURCE_INSIDE_H
#define WORLD_SOURCE_INSIDE_H

#include "base/buf.h"
#include "world/source.h"

struct source_reply {
	enum source_end end;
	struct buf value;
	unsigned rows;
	struct fail why;
	bool broken; /* the connection is of no use any more */
};

/* A connection is whatever a kind makes of it. */
struct source_type {
	void *(*open)(const struct source_setup *setup, int64_t deadline_ms, struct fail *why);
	void (*ask)(void *connection, const struct source_setup *setup, str key,
		int64_t deadline_ms, struct source_reply *reply);
	void (*close)(void *connection);
};

extern const struct source_type source_sqlite_type, source_pgsql_type, source_ldap_type;

bool source_pgsql_check(str place, struct fail *why) MUST_USE;
void source_ldap_prepare(void);
bool source_ldap_check(str places, struct fail *why) MUST_USE;

int64_t source_left_ms(int64_t deadline_ms) MUST_USE; /* at least 0 */

/* The value of one parameter for a key.  False: it needs a domain that the key has not. */
bool source_filter_parameter(char what, str key, str *value) MUST_USE;

/* One more value of the answer.  False: that is too much, which the reply says. */
bool source_reply_add(struct source_reply *r, str value) MUST_USE;

/* The reply says: broken, and why.  Returns false. */
bool source_reply_broken(struct source_reply *r, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
