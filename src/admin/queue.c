#include "admin/queue.h"

#include <stdlib.h>

#include "admin/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/number.h"
#include "world/clock.h"

static int by_age(const void *a, const void *b)
{
	const struct promise *x = *(struct promise *const *)a, *y = *(struct promise *const *)b;

	return (x->envelope.id > y->envelope.id) - (x->envelope.id < y->envelope.id);
}

/* All messages, the oldest first; the caller frees the array. */
static struct promise **all_messages(struct dispatch *d, size_t *count)
{
	const struct map *messages = schedule_messages(dispatch_schedule(d));
	struct promise **all = mem_alloc(messages->count * sizeof(struct promise *));

	*count = 0;
	for (struct map_entry *e = map_next(messages, NULL); e; e = map_next(messages, e))
		all[(*count)++] = e->value;
	qsort(all, *count, sizeof(struct promise *), by_age);
	return all;
}

static const char *state_name(const struct promise_rcpt *r)
{
	switch (r->state) {
	case SPOOL_WAITING:
		return r->in_hand ? "in hand" : "waiting";
	case SPOOL_DELIVERED:
		return "delivered";
	case SPOOL_BOUNCED:
		return "bounced";
	case SPOOL_DISCARDED:
		return "discarded";
	case SPOOL_GIVEN_UP:
		return "given up";
	case SPOOL_DELETED:
		return "deleted";
	}
	return "";
}

/* What is known of why a recipient waits; kind FAIL_NONE: nothing. */
static struct fail reason(struct dispatch *d, const struct promise *m, size_t rcpt)
{
	struct fail why = { 0 };
	struct route_way way;
	struct arena a;

	arena_init(&a, ARENA_UNLIMITED);
	if (m->rcpts[rcpt].last)
		why = m->rcpts[rcpt].last->fail;
	else if (route_find(schedule_router(dispatch_schedule(d)), &a,
			 m->envelope.rcpts[rcpt].address, &way, NULL))
		schedule_destination_why(dispatch_schedule(d), &way, &why);
	arena_free(&a);
	return why;
}

static json_t *rcpt_json(struct dispatch *d, const struct promise *m, size_t i)
{
	const struct envelope_rcpt *e = &m->envelope.rcpts[i];
	struct fail why = reason(d, m, i);
	json_t *o = json_object();

	json_put_str(o, "address", e->address);
	if (!str_eq(e->original, e->address))
		json_put_str(o, "original", e->original);
	json_put_str(o, "state", str_of(state_name(&m->rcpts[i])));
	json_put_int(o, "attempts", m->rcpts[i].attempts);
	if (m->rcpts[i].state == SPOOL_WAITING && m->rcpts[i].next_ms > 0)
		json_put_time(o, "next", m->rcpts[i].next_ms);
	if (why.kind != FAIL_NONE)
		json_put_fail(o, "reason", &why);
	return o;
}

static json_t *message_json(struct dispatch *d, const struct promise *m, bool whole)
{
	json_t *o = json_object(), *rcpts = json_array();
	char ip[IP_TEXT_MAX];

	json_put_id(o, "id", m->envelope.id);
	json_put_id(o, "session", m->envelope.session_id);
	json_put_str(o, "sender", m->envelope.sender);
	json_put_time(o, "received", m->envelope.received_ms);
	json_put_int(o, "octets", (int64_t)m->envelope.octets);
	json_put_str(o, "client", str_of(ip_print(&m->envelope.client, ip)));
	json_put_str(o, "helo", m->envelope.helo);
	for (size_t i = 0; i < m->envelope.rcpt_count; i++)
		if (whole || m->rcpts[i].state == SPOOL_WAITING)
			json_array_append_new(rcpts, rcpt_json(d, m, i));
	json_object_set_new(o, "recipients", rcpts);
	return o;
}

static void print_rcpt(struct dispatch *d, const struct promise *m, size_t i, struct buf *out)
{
	struct fail why = reason(d, m, i);
	int64_t wait_ms = m->rcpts[i].next_ms - clock_wall_ms();
	char text[NUMBER_TEXT_MAX];

	buf_putf(out, "    %.*s  %s", STR(m->envelope.rcpts[i].address), state_name(&m->rcpts[i]));
	if (m->rcpts[i].attempts > 0)
		buf_putf(out, ", tried %u times", m->rcpts[i].attempts);
	if (m->rcpts[i].state == SPOOL_WAITING && wait_ms > 0)
		buf_putf(out, ", again in %s", number_show_time(wait_ms, text));
	if (why.kind != FAIL_NONE)
		buf_putf(out, ": %s", why.text);
	buf_put(out, S("\n"));
}

static void print_message(struct dispatch *d, const struct promise *m, bool whole, struct buf *out)
{
	char id[LOG_ID_TEXT_MAX], size[NUMBER_TEXT_MAX], age[NUMBER_TEXT_MAX], ip[IP_TEXT_MAX];

	buf_putf(out, "%s  %s  %s old  from <%.*s>\n", log_id_print(m->envelope.id, id),
		number_show_size(m->envelope.octets, size),
		number_show_time(clock_wall_ms() - m->envelope.received_ms, age),
		STR(m->envelope.sender));
	if (whole)
		buf_putf(out, "    from client %s, helo %.*s, session %s\n",
			ip_print(&m->envelope.client, ip), STR(m->envelope.helo),
			log_id_print(m->envelope.session_id, id));
	for (size_t i = 0; i < m->envelope.rcpt_count; i++)
		if (whole || m->rcpts[i].state == SPOOL_WAITING)
			print_rcpt(d, m, i, out);
}

static int list(struct dispatch *d, bool json, struct buf *out)
{
	size_t count;
	struct promise **all = all_messages(d, &count);
	json_t *array = json ? json_array() : NULL;

	for (size_t i = 0; i < count; i++) {
		if (json)
			json_array_append_new(array, message_json(d, all[i], false));
		else
			print_message(d, all[i], false, out);
	}
	if (json)
		json_print(array, out);
	else
		buf_putf(out, "%zu messages in the queue\n", count);
	mem_free(all);
	return 0;
}

static struct promise *find(struct dispatch *d, str word, struct buf *out)
{
	uint64_t id;
	struct promise *m =
		log_id_parse(word, &id) ? schedule_find(dispatch_schedule(d), id) : NULL;

	if (!m)
		buf_putf(out, "no message %.*s in the queue\n", STR(word));
	return m;
}

static int show(struct dispatch *d, str word, bool json, struct buf *out)
{
	struct promise *m = find(d, word, out);

	if (!m)
		return 1;
	if (json)
		json_print(message_json(d, m, true), out);
	else
		print_message(d, m, true, out);
	return 0;
}

/* Do it to those named, or to all. */
static int each(struct dispatch *d, const str *words, size_t count,
	void (*order)(struct dispatch *d, struct promise *m), const char *done, bool json,
	struct buf *out)
{
	size_t all_count = 0, n = 0;
	struct promise **all = NULL;
	int code = 0;

	if (count == 1 && str_eq(words[0], S("all")))
		all = all_messages(d, &all_count);
	for (size_t i = 0; i < all_count; i++, n++)
		order(d, all[i]);
	for (size_t i = 0; !all && i < count; i++) {
		struct promise *m = find(d, words[i], out);

		if (!m) {
			code = 1;
			continue;
		}
		order(d, m);
		n++;
	}
	mem_free(all);
	if (json) {
		json_t *o = json_object();

		json_put_int(o, done, (int64_t)n);
		buf_clear(out);
		json_print(o, out);
	} else {
		buf_putf(out, "%zu messages %s\n", n, done);
	}
	return code;
}

int queue_command(struct dispatch *d, const str *words, size_t count, bool json, struct buf *out)
{
	if (count == 1 && str_eq(words[0], S("list")))
		return list(d, json, out);
	if (count == 2 && str_eq(words[0], S("show")))
		return show(d, words[1], json, out);
	if (count >= 2 && str_eq(words[0], S("retry")))
		return each(d, words + 1, count - 1, dispatch_retry, "retried", json, out);
	if (count >= 2 && str_eq(words[0], S("delete")))
		return each(d, words + 1, count - 1, dispatch_delete, "deleted", json, out);
	buf_put(out,
		S("usage: facteur queue list | show ID | retry ID...|all | delete ID...|all\n"));
	return 2;
}
