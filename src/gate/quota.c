#include "gate/quota.h"

#include <stdatomic.h>

#include "base/map.h"
#include "base/mem.h"
#include "conf/login.h"

#define PIECE_MS (5 * 60 * 1000)
#define PIECES 12 /* an hour */

struct sum {
	uint64_t messages, recipients;
};

struct tally {
	int64_t piece; /* the number of the newest one */
	struct sum sent[PIECES], held[PIECES];
};

struct quota {
	atomic_flag busy;  /* held for a look into the map only */
	struct map logins; /* to struct tally */
};

struct quota *quota_new(void)
{
	return MEM_NEW(struct quota);
}

void quota_free(struct quota *q)
{
	if (!q)
		return;
	for (struct map_entry *e = map_next(&q->logins, NULL); e; e = map_next(&q->logins, e))
		mem_free(e->value);
	map_free(&q->logins);
	mem_free(q);
}

/* Forget what is older than an hour. */
static void turn(struct tally *t, int64_t piece)
{
	int64_t fresh = piece - t->piece;

	for (int64_t i = 1; i <= fresh && i <= PIECES; i++) {
		size_t at = (size_t)((t->piece + i) % PIECES);

		t->sent[at] = t->held[at] = (struct sum){ 0 };
	}
	if (fresh > 0)
		t->piece = piece;
}

static struct tally *find(struct quota *q, str login, int64_t piece)
{
	struct tally *t = map_get(&q->logins, login);

	if (!t) {
		t = MEM_NEW(struct tally);
		t->piece = piece;
		map_set(&q->logins, login, t);
	}
	turn(t, piece);
	return t;
}

/* Only a limit of the login itself, or those of all. */
static struct conf_login_limits limits_of(const struct conf *conf, str login)
{
	for (size_t i = 0; i < conf->login.limit_count; i++)
		if (str_eq(conf->login.limits[i].login, login))
			return conf->login.limits[i];
	return (struct conf_login_limits){ .messages = conf->login.messages_max,
		.recipients = conf->login.recipients_max };
}

static struct sum sum_of(const struct sum pieces[PIECES])
{
	struct sum all = { 0 };

	for (size_t i = 0; i < PIECES; i++) {
		all.messages += pieces[i].messages;
		all.recipients += pieces[i].recipients;
	}
	return all;
}

static void count(struct tally *t, struct sum pieces[PIECES], size_t recipients)
{
	pieces[t->piece % PIECES].messages++;
	pieces[t->piece % PIECES].recipients += recipients;
}

static bool beyond(uint64_t n, unsigned max)
{
	return max > 0 && n > max;
}

/* *messages: it is that limit which decides. */
static enum quota_answer judge(
	struct tally *t, const struct conf_login_limits *limits, size_t recipients, bool *messages)
{
	struct sum sent = sum_of(t->sent), held = sum_of(t->held);

	*messages = beyond(sent.messages + 1, limits->messages);
	if (!*messages && !beyond(sent.recipients + recipients, limits->recipients)) {
		count(t, t->sent, recipients);
		return QUOTA_GO;
	}
	if (beyond(held.messages + 1, limits->messages) ||
		beyond(held.recipients + 1, limits->recipients))
		return QUOTA_REFUSE;
	count(t, t->held, recipients);
	return QUOTA_HOLD;
}

static void explain(const struct conf *conf, const struct conf_login_limits *limits, str login,
	bool messages, bool refused, struct fail *why)
{
	unsigned max = messages ? limits->messages : limits->recipients;
	const char *what = messages ? "messages" : "recipients";

	if (!why)
		return;
	if (refused)
		fail_reply(why, 452, "4.7.1",
			"The login %.*s has sent its %u %s of this hour, and as much is held: try "
			"again later",
			STR(login), max, what);
	else
		fail_with(why, FAIL_TEMPORARY, "4.7.1",
			"Held: the login %.*s has sent its %u %s of this hour", STR(login), max,
			what);
	why->limit = messages ? "messages-per-hour" : "recipients-per-hour";
	if (limits->origin.line > 0)
		conf_origin_print(&limits->origin, why->origin);
	else
		conf_where_print(conf, S("login"), str_of(why->limit), why->origin);
}

enum quota_answer quota_take(struct quota *q, const struct conf *conf, str login, size_t recipients,
	int64_t now_ms, struct fail *why)
{
	struct conf_login_limits limits = limits_of(conf, login);
	enum quota_answer answer;
	bool messages;

	while (atomic_flag_test_and_set_explicit(&q->busy, memory_order_acquire))
		;
	answer = judge(find(q, login, now_ms / PIECE_MS), &limits, recipients, &messages);
	atomic_flag_clear_explicit(&q->busy, memory_order_release);
	if (answer != QUOTA_GO)
		explain(conf, &limits, login, messages, answer == QUOTA_REFUSE, why);
	return answer;
}
