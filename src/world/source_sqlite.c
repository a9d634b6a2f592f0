/*
 * world/source_sqlite - an SQLite database, read only
 */
#include <limits.h>

#include <sqlite3.h>

#include "base/mem.h"
#include "world/source_inside.h"

#define STEPS_BETWEEN_LOOKS 10000 /* at the clock, of SQLite's machine */

struct connection {
	sqlite3 *db;
	sqlite3_stmt *query;
	int64_t deadline_ms; /* of the question that is asked */
};

static int is_late(void *owner)
{
	struct connection *c = owner;

	return source_left_ms(c->deadline_ms) == 0;
}

static void close_connection(void *connection)
{
	struct connection *c = connection;

	sqlite3_finalize(c->query);
	sqlite3_close(c->db);
	mem_free(c);
}

/* Another process may hold its lock. */
static void wait_until(struct connection *c, int64_t deadline_ms)
{
	int64_t left = source_left_ms(deadline_ms);

	c->deadline_ms = deadline_ms;
	sqlite3_busy_timeout(c->db, left < INT_MAX ? (int)left : INT_MAX);
}

static void *open_connection(
	const struct source_setup *setup, int64_t deadline_ms, struct fail *why)
{
	struct connection *c = MEM_NEW(struct connection);
	char path[PATH_MAX];

	if (sqlite3_open_v2(str_to_c(setup->place, path, sizeof path), &c->db,
		    SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK) {
		wait_until(c, deadline_ms);
		sqlite3_progress_handler(c->db, STEPS_BETWEEN_LOOKS, is_late, c);
		if (sqlite3_prepare_v2(c->db, setup->query.p, (int)setup->query.n, &c->query,
			    NULL) == SQLITE_OK &&
			c->query)
			return c;
	}
	fail_with(why, FAIL_TEMPORARY, "4.3.0", "%.*s: %s", STR(setup->place),
		c->db ? sqlite3_errmsg(c->db) : "no memory");
	close_connection(c);
	return NULL;
}

/* The text of a column is alive until the next step. */
static bool take_row(struct connection *c, struct source_reply *reply)
{
	for (int i = 0; i < sqlite3_column_count(c->query); i++) {
		const unsigned char *text = sqlite3_column_text(c->query, i);
		size_t n = (size_t)sqlite3_column_bytes(c->query, i);

		if (text && !source_reply_add(reply, str_from(text, n)))
			return false;
	}
	return true;
}

static void ask(void *connection, const struct source_setup *setup, str key, int64_t deadline_ms,
	struct source_reply *reply)
{
	struct connection *c = connection;
	int step = SQLITE_DONE;

	wait_until(c, deadline_ms);
	for (unsigned i = 0; i < setup->parameter_count; i++) {
		str value;

		if (!source_filter_parameter(setup->parameters[i], key, &value))
			return;
		if (sqlite3_bind_text(c->query, (int)i + 1, value.n ? value.p : "", (int)value.n,
			    SQLITE_TRANSIENT) != SQLITE_OK)
			step = SQLITE_ERROR;
	}
	if (step == SQLITE_DONE)
		while ((step = sqlite3_step(c->query)) == SQLITE_ROW)
			if (!take_row(c, reply))
				break;
	if (step != SQLITE_DONE && step != SQLITE_ROW)
		source_reply_broken(reply, "%.*s: %s", STR(setup->place), sqlite3_errmsg(c->db));
	sqlite3_reset(c->query);
	sqlite3_clear_bindings(c->query);
}

const struct source_type source_sqlite_type = { open_connection, ask, close_connection };
