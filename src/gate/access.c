#include "gate/access.h"

#include "gate/access_keys.h"
#include "route/transports.h"

/* One look through the tables, as far as it goes. */
struct look {
	const struct router *router;
	struct asking *asking;
	const char *what;
	struct access_result *result;
};

static struct access_decision *decide(
	struct look *l, const struct conf_table *table, str key, enum verdict_kind kind)
{
	struct access_result *r = l->result;
	/* Beyond the limit the last one is overwritten: it decided most. */
	struct access_decision *d =
		&r->decisions[r->count < ACCESS_DECISIONS_MAX ? r->count++
							      : ACCESS_DECISIONS_MAX - 1];

	*d = (struct access_decision){ .what = l->what, .table = table, .key = key, .kind = kind };
	return d;
}

/* True: it has decided, no more is asked. */
static bool table_failed(struct look *l, const struct lookup *t, str key, const struct fail *cause)
{
	struct access_decision *d = decide(l, lookup_conf(t), key, VERDICT_NONE);

	d->failed = true;
	d->why = *cause;
	d->at = lookup_conf(t)->origin;
	switch (lookup_failure(t, &l->result->refusal)) {
	case CONF_FAILURE_ACCEPT:
		return false;
	case CONF_FAILURE_HOLD:
		l->result->held = true;
		return false;
	case CONF_FAILURE_DEFER:
	case CONF_FAILURE_REJECT:
		return true;
	}
	return true;
}

static bool obey(
	struct look *l, const struct lookup *t, str key, const struct lookup_answer *answer)
{
	struct access_result *r = l->result;
	struct access_decision *d;
	struct verdict v;
	struct fail cause;

	if (!verdict_parse(answer->value, VERDICT_OF_ACCESS, &v, &cause) ||
		(v.kind == VERDICT_FILTER && !access_is_way(l->router, v.text, &cause)))
		return table_failed(l, t, key, &cause);
	if (v.kind == VERDICT_NONE)
		return false;
	d = decide(l, lookup_conf(t), key, v.kind);
	d->text = v.text;
	d->at = answer->at;
	r->excused |= v.kind == VERDICT_ACCEPT;
	r->held |= v.kind == VERDICT_HOLD;
	r->discarded |= v.kind == VERDICT_DISCARD;
	if (v.kind == VERDICT_REFUSE) {
		fail_reply(&r->refusal, v.code, v.status, "%.*s", STR(v.text));
		conf_origin_print(&answer->at, r->refusal.origin);
	}
	return v.kind == VERDICT_ACCEPT || v.kind == VERDICT_REFUSE || v.kind == VERDICT_DISCARD;
}

enum progress { MORE, OVER, WAIT };

/* The first key that the table has. */
static enum progress ask_table(
	struct look *l, const struct conf_table *table, const struct access_keys *keys)
{
	const struct lookup *t = lookup_set_at(router_lookups(l->router), table);
	bool whole = table->kind == CONF_TABLE_CIDR || table->kind == CONF_TABLE_PCRE;

	for (size_t i = 0; i < (whole ? 1 : keys->count); i++) {
		str key = whole ? keys->whole : keys->items[i];
		const struct lookup_answer *answer = asking_find(l->asking, t, key);

		if (!answer)
			return WAIT;
		if (answer->end == LOOKUP_FOUND)
			return obey(l, t, key, answer) ? OVER : MORE;
		if (answer->end == LOOKUP_FAILED)
			return table_failed(l, t, key, &answer->why) ? OVER : MORE;
	}
	return MORE;
}

/* The keys must live until the result has been used: they are in the arena of the asking. */
static enum progress ask_tables(struct look *l, const char *what, const struct conf_uses *uses,
	const struct access_keys *keys)
{
	enum progress now = MORE;

	l->what = what;
	for (size_t i = 0; now == MORE && i < uses->count; i++)
		now = ask_table(l, uses->items[i].table, keys);
	return now;
}

bool access_mail(const struct router *r, struct asking *asking, const struct access_facts *facts,
	struct access_result *result)
{
	const struct conf_access *tables = &router_conf(r)->access;
	struct look l = { .router = r, .asking = asking, .result = result };
	enum progress now = MORE;
	struct access_keys *keys;

	*result = (struct access_result){ 0 };
	if (tables->client.count > 0 && (keys = access_keys_client(asking, facts->client)))
		now = ask_tables(&l, "client", &tables->client, keys);
	if (now == MORE && tables->helo.count > 0 && (keys = access_keys_name(asking, facts->helo)))
		now = ask_tables(&l, "helo", &tables->helo, keys);
	if (now == MORE && tables->sender.count > 0 &&
		(keys = access_keys_address(asking, r, facts->sender)))
		now = ask_tables(&l, "sender", &tables->sender, keys);
	return now != WAIT;
}

bool access_rcpt(const struct router *r, struct asking *asking, const struct access_facts *facts,
	struct access_result *result)
{
	const struct conf_access *tables = &router_conf(r)->access;
	struct look l = { .router = r, .asking = asking, .result = result };
	enum progress now = MORE;
	struct access_keys *keys;

	*result = (struct access_result){ 0 };
	if (tables->recipient.count > 0 &&
		(keys = access_keys_address(asking, r, facts->recipient)))
		now = ask_tables(&l, "recipient", &tables->recipient, keys);
	return now != WAIT;
}

bool access_is_way(const struct router *r, str text, struct fail *why)
{
	const struct conf *c = router_conf(r);
	size_t at;

	if (text.n > ALIAS_INTO_MAX)
		return fail_with(why, FAIL_PERMANENT, "5.3.5", "a way is shorter than %u octets",
			ALIAS_INTO_MAX);
	return transports_value(c, c->hostname.text, text, &at, why);
}
