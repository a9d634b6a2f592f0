#include "flow/copies.h"

#include "base/log.h"
#include "flow/transaction.h"

struct adding {
	struct recipients *rcpts;
	const struct router *router;
	uint64_t id;
	struct fail *why;
};

static bool cannot(struct adding *a, str address, const char *rule)
{
	struct log_record r;

	log_open(&r, LOG_ERROR, "copy-failed");
	log_id(&r, "id", a->id);
	log_str(&r, "to", address);
	log_c(&r, "by", rule);
	log_fail(&r, a->why);
	log_close(&r);
	fail_reply(a->why, 451, "4.3.5", "A copy of this message has no place, try again later");
	str_to_c(str_of(rule), a->why->origin, sizeof a->why->origin);
	return false;
}

static void log_copied(const struct adding *a, str address, const char *rule)
{
	struct log_record r;

	log_open(&r, LOG_INFO, "copied");
	log_id(&r, "id", a->id);
	log_str(&r, "to", address);
	log_c(&r, "rule", rule);
	log_close(&r);
}

static bool add(struct adding *a, str address, const char *rule)
{
	struct smtp_rcpt rcpt = { .recipient = address, .notify = SMTP_NOTIFY_NEVER };
	struct route_targets targets;
	struct arena step;
	str original;
	bool ok;

	arena_init(&step, TRANSACTION_OCTETS_MAX);
	ok = arena_keep(a->rcpts->arena, address, &original) || recipients_too_many(a->why);
	ok = ok && route_expand(a->router, &step, address, &targets, a->why, NULL, NULL) &&
	     recipients_add(a->rcpts, &rcpt, original, &targets, a->why);
	arena_free(&step);
	if (!ok)
		return cannot(a, address, rule);
	log_copied(a, address, rule);
	return true;
}

bool copies_add(struct recipients *rcpts, const struct router *r, const struct ruling *g,
	uint64_t id, struct fail *why)
{
	const struct conf_texts *always = &router_conf(r)->copy.always;
	struct adding a = { .rcpts = rcpts, .router = r, .id = id, .why = why };
	char rule[CONF_ORIGIN_TEXT_MAX];
	const struct ruling_copy *copy;
	bool whole, ok = true;

	for (size_t i = 0; ok && i < always->count; i++)
		ok = add(&a, always->items[i].text,
			conf_origin_print(&always->items[i].origin, rule));
	for (copy = ruling_copies(g, &whole); ok && copy; copy = copy->next)
		ok = add(&a, copy->address, copy->rule);
	return ok && (whole || recipients_too_many(why));
}
