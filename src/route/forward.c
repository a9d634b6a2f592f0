#include "route/forward.h"

#include "mail/address.h"

struct reader {
	const struct router *r;
	struct route_ask *ask;
	struct arena *a;
	str own, own_key;
	struct route_targets *targets;
	struct fail *why;
};

static bool same(const struct route_target *a, const struct route_target *b)
{
	return str_eq(a->address, b->address) && str_eq(a->into, b->into) &&
	       str_eq(a->sender, b->sender);
}

static bool add(struct reader *x, struct route_target target)
{
	struct route_targets *all = x->targets;

	for (size_t i = 0; i < all->count; i++)
		if (same(&all->items[i], &target))
			return true;
	if (all->count == FORWARD_TARGETS_MAX)
		return fail_with(x->why, FAIL_PERMANENT, "5.3.5", "more than %u targets",
			FORWARD_TARGETS_MAX);
	target.address = arena_copy(x->a, target.address);
	target.into = arena_copy(x->a, target.into);
	target.sender = arena_copy(x->a, target.sender);
	all->items[all->count++] = target;
	return true;
}

static bool add_into(struct reader *x, str address, str into)
{
	return add(
		x, (struct route_target){ .address = address,
			   .into = arena_printf(x->a, "%.*s%.*s", STR(ROUTE_MAILBOX), STR(into)) });
}

/* Himself, with or without his sub-address: his mailbox. */
static bool is_own(const struct reader *x, str address)
{
	char to[ADDRESS_KEY_MAX];
	str key, local = route_local(x->r, x->own_key);

	if (!address_key(address, to, &key))
		return false;
	return str_eq(route_local(x->r, key), local) &&
	       str_eq(address_domain(key), address_domain(x->own_key));
}

/* An address goes where it would go at RCPT. */
static bool add_address(struct reader *x, str address)
{
	struct route_targets found;

	if (is_own(x, address))
		return add_into(x, x->own, S(""));
	if (!route_expand_asking(x->r, x->ask, x->a, address, &found, x->why, NULL, NULL))
		return false;
	for (size_t i = 0; i < found.count; i++)
		if (found.items[i].end != ROUTE_DISCARD && !add(x, found.items[i]))
			return false;
	return true;
}

static bool add_mailbox(struct reader *x, str address)
{
	struct route_mail mail = { .address = address, .into = ROUTE_MAILBOX };
	struct route_way way;

	return route_find(x->r, x->a, &mail, &way, x->why) && add_into(x, address, S(""));
}

static bool follow(struct reader *x, str text)
{
	if (str_eq(text, S("/dev/null")))
		return true;
	if (str_starts(text, S("|")) || str_starts(text, S("/")))
		return add_into(x, x->own, text);
	if (str_starts(text, S("\\")))
		return add_mailbox(x, str_skip(text, 1));
	return add_address(x, text);
}

static bool follow_all(struct reader *x, const struct alias_table *t, bool *says)
{
	struct alias_targets targets;
	struct alias_target target;

	*says = alias_table_find(t, ALIAS_FORWARD_KEY, &targets);
	while (*says && alias_targets_next(&targets, &target))
		if (!follow(x, target.text))
			return false;
	return true;
}

bool forward_read(const struct router *r, struct route_ask *ask, struct arena *a, str own,
	const struct conf_transport *t, str text, struct route_targets *targets, bool *says,
	struct fail *why)
{
	struct reader x = {
		.r = r, .ask = ask, .a = a, .own = own, .targets = targets, .why = why
	};
	char to[ADDRESS_KEY_MAX];
	struct alias_builder *b;
	struct alias_table *table;
	bool ok;

	*says = false;
	*targets = (struct route_targets){ .items = arena_alloc(a,
						   FORWARD_TARGETS_MAX * sizeof *targets->items) };
	if (!address_key(own, to, &x.own_key))
		return fail_with(why, FAIL_PERMANENT, "5.1.3", "<%.*s>: not an address", STR(own));
	b = alias_builder_new(address_domain(x.own_key), NULL, NULL);
	alias_builder_allow(b, t->forward & CONF_FORWARD_PROGRAMS, t->forward & CONF_FORWARD_FILES);
	ok = alias_builder_forward(b, S(".forward"), text, why);
	table = alias_builder_finish(b);
	ok = ok && follow_all(&x, table, says);
	alias_table_free(table);
	return ok;
}
