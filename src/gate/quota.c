#include "gate/quota.h"

#include <stdatomic.h>

#include "base/map.h"
#include "base/mem.h"
#include "conf/login.h"

#define PIECE_MS (5 * 60 * 1000)
#define PIECES 12 /* an hour */

struct tally {
	int64_t piece; /* the number of the newest one */
	struct {
		uint64_t messages, recipients;
	} pieces[PIECES];
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

		t->pieces[at].messages = t->pieces[at].recipients = 0;
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

static bool over(const struct conf *conf, const struct conf_login_limits *limits, const char *word,
	unsigned max, str login, struct fail *why)
{
	const struct conf_origin *at = &limits->origin;

	fail_with(why, FAIL_TEMPORARY, "4.7.1",
		"Held: the login %.*s has sent its %u %s of this "
		"hour",
		STR(login), max, word[0] == 'm' ? "messages" : "recipients");
	if (!why)
		return false;
	why->limit = word;
	if (at->line > 0)
		conf_origin_print(at, why->origin);
	else
		conf_where_print(conf, S("login"), str_of(word), why->origin);
	return false;
}

bool quota_take(struct quota *q, const struct conf *conf, str login, size_t recipients,
	int64_t now_ms, struct fail *why)
{
	struct conf_login_limits limits = limits_of(conf, login);
	int64_t piece = now_ms / PIECE_MS;
	uint64_t messages = 1, rcpts = recipients;
	bool too_many, too_wide;
	struct tally *t;

	while (atomic_flag_test_and_set_explicit(&q->busy, memory_order_acquire))
		;
	t = find(q, login, piece);
	for (size_t i = 0; i < PIECES; i++) {
		messages += t->pieces[i].messages;
		rcpts += t->pieces[i].recipients;
	}
	too_many = limits.messages > 0 && messages > limits.messages;
	too_wide = limits.recipients > 0 && rcpts > limits.recipients;
	if (!too_many && !too_wide) {
		t->pieces[t->piece % PIECES].messages++;
		t->pieces[t->piece % PIECES].recipients += recipients;
	}
	atomic_flag_clear_explicit(&q->busy, memory_order_release);
	if (too_many)
		return over(conf, &limits, "messages-per-hour", limits.messages, login, why);
	return !too_wide ||
	       over(conf, &limits, "recipients-per-hour", limits.recipients, login, why);
}
