#include "admin/queue.h"

#include <stdlib.h>

#include "admin/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/number.h"
#include "conf/nearest.h"
#include "flow/dispatch_order.h"
#include "world/clock.h"

#define SHOWN_MAX 80 /* of a word that is not known */

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
		return r->in_hand ? "in hand" : r->held ? "held" : "waiting";
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
	case SPOOL_HELD:
		return "held";
	}
	return "";
}

/* What is known of why a recipient waits; kind FAIL_NONE: nothing. */
static struct fail reason(struct dispatch *d, const struct promise *m, size_t rcpt)
{
	struct route_mail mail = promise_mail(m, rcpt);
	struct fail why = { 0 };
	struct route_way way;
	struct arena a;

	arena_init(&a, ARENA_UNLIMITED);
	if (m->rcpts[rcpt].last)
		why = m->rcpts[rcpt].last->fail;
	else if (route_find(schedule_router(dispatch_schedule(d)), &a, &mail, &way, NULL))
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
		buf_putf(out, ", tried %u time%s", m->rcpts[i].attempts,
			m->rcpts[i].attempts == 1 ? "" : "s");
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
		buf_putf(out, "%zu message%s in the queue\n", count, count == 1 ? "" : "s");
	mem_free(all);
	return 0;
}

static struct promise *find(struct dispatch *d, str word, struct buf *out)
{
	uint64_t id;
	struct promise *m =
		log_id_parse(word, &id) ? schedule_find(dispatch_schedule(d), id) : NULL;
	char shown[SHOWN_MAX];

	if (!m)
		buf_putf(
			out, "no message %s in the queue\n", fail_clean(word, shown, sizeof shown));
	return m;
}

static int show(struct dispatch *d, str word, bool json, struct buf *out)
{
	struct buf why = { 0 };
	struct promise *m = find(d, word, &why);

	if (m && json)
		json_print(message_json(d, m, true), out);
	else if (m)
		print_message(d, m, true, out);
	else if (json)
		json_print_why(buf_str(&why), out);
	else
		buf_put(out, buf_str(&why));
	buf_free(&why);
	return m ? 0 : 1;
}

/* What came of it: how many, and those that are not there, a line each. */
static void tell(size_t n, const char *done, str missing, bool json, struct buf *out)
{
	json_t *o;

	if (!json) {
		buf_put(out, missing);
		buf_putf(out, "%zu message%s %s\n", n, n == 1 ? "" : "s", done);
		return;
	}
	o = missing.n > 0 ? json_why(missing) : json_object();
	json_put_int(o, done, (int64_t)n);
	json_print(o, out);
}

/* Is there anything left that it can be done to?  The message may be gone afterwards. */
static size_t give(struct dispatch *d, struct promise *m,
	size_t (*order)(struct dispatch *d, struct promise *m), struct buf *missing)
{
	char id[LOG_ID_TEXT_MAX];

	log_id_print(m->envelope.id, id);
	if (order(d, m) > 0)
		return 1;
	buf_putf(missing, "%s is held, or being delivered at this moment\n", id);
	return 0;
}

/* Do it to those named, or to all. */
static int each(struct dispatch *d, const str *words, size_t count,
	size_t (*order)(struct dispatch *d, struct promise *m), const char *done, bool json,
	struct buf *out)
{
	size_t all_count = 0, n = 0;
	struct promise **all = NULL;
	struct buf missing = { 0 };
	int code;

	if (count == 1 && str_eq(words[0], S("all")))
		all = all_messages(d, &all_count);
	for (size_t i = 0; i < all_count; i++) /* all to which it can be done */
		n += order(d, all[i]) > 0;
	for (size_t i = 0; !all && i < count; i++) {
		struct promise *m = find(d, words[i], &missing);

		if (m)
			n += give(d, m, order, &missing);
	}
	mem_free(all);
	tell(n, done, buf_str(&missing), json, out);
	code = buf_str(&missing).n > 0 ? 1 : 0;
	buf_free(&missing);
	return code;
}

static int run_list(struct dispatch *d, const str *ids, size_t count, bool json, struct buf *out)
{
	(void)ids;
	(void)count;
	return list(d, json, out);
}

static int run_show(struct dispatch *d, const str *ids, size_t count, bool json, struct buf *out)
{
	(void)count;
	return show(d, ids[0], json, out);
}

static int run_retry(struct dispatch *d, const str *ids, size_t count, bool json, struct buf *out)
{
	return each(d, ids, count, dispatch_order_retry, "retried", json, out);
}

static int run_delete(struct dispatch *d, const str *ids, size_t count, bool json, struct buf *out)
{
	return each(d, ids, count, dispatch_order_delete, "deleted", json, out);
}

static int run_hold(struct dispatch *d, const str *ids, size_t count, bool json, struct buf *out)
{
	return each(d, ids, count, dispatch_order_hold, "held", json, out);
}

static int run_release(struct dispatch *d, const str *ids, size_t count, bool json, struct buf *out)
{
	return each(d, ids, count, dispatch_order_release, "released", json, out);
}

static int run_bounce(struct dispatch *d, const str *ids, size_t count, bool json, struct buf *out)
{
	return each(d, ids, count, dispatch_order_bounce, "returned", json, out);
}

static const struct verb {
	str name;
	size_t ids_min, ids_max;
	int (*run)(struct dispatch *d, const str *ids, size_t count, bool json, struct buf *out);
} verbs[] = {
	{STR_INIT("list"),     0, 0,        run_list   },
	{ STR_INIT("show"),    1, 1,        run_show   },
	{ STR_INIT("retry"),   1, SIZE_MAX, run_retry  },
	{ STR_INIT("hold"),    1, SIZE_MAX, run_hold   },
	{ STR_INIT("release"), 1, SIZE_MAX, run_release},
	{ STR_INIT("bounce"),  1, SIZE_MAX, run_bounce },
	{ STR_INIT("delete"),  1, SIZE_MAX, run_delete },
};

/* Null: *out says what is wrong. */
static const struct verb *find_verb(const str *words, size_t count, struct buf *out)
{
	struct conf_nearest nearest = { .word = count > 0 ? words[0] : S("") };
	char shown[SHOWN_MAX];

	for (size_t i = 0; count > 0 && i < LENGTH(verbs); i++) {
		conf_nearest_offer(&nearest, verbs[i].name);
		if (!str_eq(verbs[i].name, words[0]))
			continue;
		if (count - 1 >= verbs[i].ids_min && count - 1 <= verbs[i].ids_max)
			return &verbs[i];
		buf_putf(out, "queue %.*s wants %s\n", STR(verbs[i].name),
			verbs[i].ids_max == 0   ? "no ID"
			: verbs[i].ids_max == 1 ? "one ID"
						: "one ID or more, or all");
		return NULL;
	}
	if (count > 0)
		buf_putf(out, "there is no command queue %s; the nearest is queue %.*s\n",
			fail_clean(words[0], shown, sizeof shown), STR(nearest.best));
	else
		buf_put(out, S("queue wants one of list, show, retry, hold, release, bounce and "
			       "delete\n"));
	return NULL;
}

bool queue_words_right(const str *words, size_t count, struct buf *out)
{
	return find_verb(words, count, out) != NULL;
}

int queue_command(struct dispatch *d, const str *words, size_t count, bool json, struct buf *out)
{
	const struct verb *verb = find_verb(words, count, out);

	return verb ? verb->run(d, words + 1, count - 1, json, out) : 2;
}
