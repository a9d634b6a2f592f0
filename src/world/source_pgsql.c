/*
 * world/source_pgsql - a PostgreSQL database, over libpq's asynchronous calls
 *
 * So every wait ends at the deadline, whatever the server does or does not.
 */
#include <limits.h>
#include <poll.h>

#include <libpq-fe.h>

#include "world/source_inside.h"

#define PLACE_MAX 4096

bool source_pgsql_check(str place, struct fail *why)
{
	char text[PLACE_MAX], *error = NULL;
	PQconninfoOption *options;

	if (place.n >= sizeof text)
		return fail_with(why, FAIL_PERMANENT, "5.3.5", "a connection string is shorter");
	options = PQconninfoParse(str_to_c(place, text, sizeof text), &error);
	if (!options)
		fail_with(why, FAIL_PERMANENT, "5.3.5", "%.*s",
			STR(str_trim(str_of(error ? error : "no memory"))));
	PQfreemem(error);
	PQconninfoFree(options);
	return options != NULL;
}

static bool wait_for(PGconn *c, short events, int64_t deadline_ms)
{
	struct pollfd fd = { .fd = PQsocket(c), .events = events };
	int64_t left = source_left_ms(deadline_ms);

	if (left == 0 || fd.fd < 0)
		return false;
	return poll(&fd, 1, left < INT_MAX ? (int)left : INT_MAX) > 0;
}

/* libpq's messages are several lines, and end in one. */
static str words_of(PGconn *c)
{
	return str_trim(str_of(PQerrorMessage(c)));
}

static void *open_connection(
	const struct source_setup *setup, int64_t deadline_ms, struct fail *why)
{
	char text[PLACE_MAX];
	char password[SOURCE_KEY_OCTETS_MAX];
	/* The first is a whole connection string; what stands behind it counts more. */
	const char *names[] = { "dbname", setup->password.n > 0 ? "password" : NULL, NULL };
	const char *values[] = { str_to_c(setup->place, text, sizeof text),
		str_to_c(setup->password, password, sizeof password), NULL };
	PGconn *c = PQconnectStartParams(names, values, 1);
	PostgresPollingStatusType next = PGRES_POLLING_WRITING;

	while (c && PQstatus(c) != CONNECTION_BAD && next != PGRES_POLLING_OK &&
		next != PGRES_POLLING_FAILED) {
		if (!wait_for(c, next == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline_ms)) {
			fail_with(why, FAIL_TEMPORARY, "4.3.0", "no connection in time");
			PQfinish(c);
			return NULL;
		}
		next = PQconnectPoll(c);
	}
	if (c && next == PGRES_POLLING_OK && PQsetnonblocking(c, 1) == 0)
		return c;
	fail_with(why, FAIL_TEMPORARY, "4.3.0", "%.*s", STR(c ? words_of(c) : S("no memory")));
	PQfinish(c);
	return NULL;
}

static void close_connection(void *connection)
{
	PQfinish(connection);
}

static bool take_rows(const PGresult *rows, struct source_reply *reply)
{
	for (int row = 0; row < PQntuples(rows); row++)
		for (int i = 0; i < PQnfields(rows); i++) {
			str value = str_from(
				PQgetvalue(rows, row, i), (size_t)PQgetlength(rows, row, i));

			if (!source_reply_add(reply, value))
				return false;
		}
	return true;
}

/* The next result, or null: that was the last; false: no more in time, or the line broke. */
static bool next_result(
	PGconn *c, int64_t deadline_ms, PGresult **result, struct source_reply *reply)
{
	while (PQisBusy(c)) {
		if (!wait_for(c, POLLIN, deadline_ms))
			return source_reply_broken(reply, "no answer in time");
		if (!PQconsumeInput(c))
			return source_reply_broken(reply, "%.*s", STR(words_of(c)));
	}
	*result = PQgetResult(c);
	return true;
}

static bool send_query(PGconn *c, const struct source_setup *setup, const char *const *values,
	int64_t deadline_ms, struct source_reply *reply)
{
	int left;

	if (!PQsendQueryParams(
		    c, setup->query.p, (int)setup->parameter_count, NULL, values, NULL, NULL, 0) ||
		!PQsetSingleRowMode(c))
		return source_reply_broken(reply, "%.*s", STR(words_of(c)));
	while ((left = PQflush(c)) > 0)
		if (!wait_for(c, POLLOUT, deadline_ms))
			return source_reply_broken(reply, "no answer in time");
	return left == 0 || source_reply_broken(reply, "%.*s", STR(words_of(c)));
}

static bool take_result(const PGresult *result, struct source_reply *reply)
{
	switch (PQresultStatus(result)) {
	case PGRES_SINGLE_TUPLE:
	case PGRES_TUPLES_OK:
	case PGRES_COMMAND_OK:
		return take_rows(result, reply);
	default: /* libpq's enumeration, and an error whichever it is */
		return source_reply_broken(
			reply, "%.*s", STR(str_trim(str_of(PQresultErrorMessage(result)))));
	}
}

static void ask(void *connection, const struct source_setup *setup, str key, int64_t deadline_ms,
	struct source_reply *reply)
{
	char texts[SOURCE_PARAMETERS_MAX][SOURCE_KEY_OCTETS_MAX + 1];
	const char *values[SOURCE_PARAMETERS_MAX];
	PGresult *result = NULL;
	bool ok = true;
	str value;

	for (unsigned i = 0; i < setup->parameter_count; i++) {
		if (!source_filter_parameter(setup->parameters[i], key, &value))
			return;
		values[i] = str_to_c(value, texts[i], sizeof texts[i]);
	}
	if (!send_query(connection, setup, values, deadline_ms, reply))
		return;
	while (ok && next_result(connection, deadline_ms, &result, reply) && result) {
		ok = take_result(result, reply);
		PQclear(result);
	}
}

const struct source_type source_pgsql_type = { open_connection, ask, close_connection };
