/*
 * How one recipient becomes the addresses that it stands for.
 *
 * Every address that is met is visited once, depth first, in the order of the files; so what is
 * reached by two ways is delivered once, and the work is bounded by the number of addresses.  At a
 * hosted address the places below (enum stage) are asked, in this order.  An entry that lists its
 * own address means the next place: "root: root, anna" is the mailbox of root, and anna.  To come
 * back to an address in any other way is a loop.
 */
#include <assert.h>

#include "base/buf.h"
#include "conf/limit.h"
#include "route/expand_inside.h"

static bool resolve(struct expansion *x, struct visit *v);

bool expand_no_memory(struct expansion *x)
{
	return fail_reply(x->why, 452, "4.3.1", "No memory left for the recipients");
}

static bool put_blame(struct expansion *x, const struct conf_origin *at)
{
	if (x->why && at->file.n > 0)
		conf_origin_print(at, x->why->origin);
	if (x->blame)
		x->blame->at = *at;
	return false;
}

/* The configuration is at fault, not the sender: he may try again when it is repaired.  (Compile
 * refuses what has such a fault.) */
#define FAULT(x, at, status, ...) \
	(fail_with((x)->why, FAIL_TEMPORARY, status, __VA_ARGS__), put_blame(x, at))

static bool fail_too_many(struct expansion *x)
{
	FAULT(x, &(struct conf_origin){ 0 }, "4.3.5", "<%.*s> stands for more than %u addresses",
		STR(x->recipient), x->r->conf->limits.alias_targets_max);
	conf_limit_blame(x->r->conf, "alias-targets", x->why);
	return false;
}

static bool fail_nobody(struct expansion *x, const struct visit *v)
{
	if (x->tables.silent) /* it might have known the address */
		return fail_reply(x->why, 451, "4.3.0",
			"A table of this server gives no answer, try again later");
	if (v->reflexive)
		fail_reply(x->why, 550, "5.1.1", "<%.*s> leads to itself, and has no mailbox",
			STR(v->address));
	else if (v->up)
		fail_reply(x->why, 550, "5.1.1",
			"<%.*s> leads to <%.*s>, and nobody here has this address",
			STR(v->up->address), STR(v->address));
	else
		fail_reply(x->why, 550, "5.1.1", "<%.*s>: nobody here has this address",
			STR(v->address));
	if (x->blame)
		x->blame->nobody = v->address;
	return put_blame(x, v->up || v->reflexive ? &v->at : &v->domain->origin);
}

/* The chain from an open address down to the one that leads back to it. */
static void print_chain(const struct visit *from, const struct visit *to, struct buf *text)
{
	if (from != to)
		print_chain(from->up, to, text);
	buf_putf(text, "%.*s -> ", STR(from->address));
}

static bool stands_before(const struct conf_origin *a, const struct conf_origin *b)
{
	int files = str_compare(a->file, b->file);

	if (files != 0)
		return files < 0;
	return a->line != b->line ? a->line < b->line : a->column < b->column;
}

/* The first line of the loop is to blame, wherever one came into it. */
static bool fail_loop(struct expansion *x, const struct visit *from, const struct visit *to,
	const struct conf_origin *at)
{
	struct buf chain = { 0 };

	print_chain(from, to, &chain);
	for (const struct visit *v = from; v != to; v = v->up)
		if (stands_before(&v->at, at))
			at = &v->at;
	FAULT(x, at, "4.4.6", "alias loop: %.*s%.*s", STR(buf_str(&chain)), STR(to->address));
	buf_free(&chain);
	return false;
}

/* All parts, one behind the other, in the arena. */
bool expand_join(struct expansion *x, const str *parts, size_t count, str *whole)
{
	size_t n = 0;
	char *to;

	for (size_t i = 0; i < count; i++)
		n += parts[i].n;
	to = arena_alloc(x->a, n + 1);
	if (!to)
		return expand_no_memory(x);
	*whole = (str){ to, n };
	for (size_t i = 0; i < count; i++) {
		if (parts[i].n > 0)
			memcpy(to, parts[i].p, parts[i].n);
		to += parts[i].n;
	}
	return true;
}

/* Null: *why says which limit. */
static struct visit *visit_of(struct expansion *x, str key)
{
	const struct conf_limits *limits = &x->r->conf->limits;
	struct visit *v;

	if (x->visits.count / (limits->alias_depth_max + 1) > limits->alias_targets_max) {
		fail_too_many(x);
		return NULL;
	}
	v = visits_get(&x->visits, x->a, key);
	if (!v)
		expand_no_memory(x);
	return v;
}

static bool add_target(struct expansion *x, enum route_end end, const struct visit *v, str address,
	const struct conf_origin *at)
{
	struct route_targets *all = x->targets;
	struct route_target *target;

	if (all->count >= x->r->conf->limits.alias_targets_max)
		return fail_too_many(x);
	if (all->count == x->size) {
		size_t size = x->size ? x->size * 2 : 2;
		struct route_target *items = arena_alloc(x->a, size * sizeof *items);

		if (!items)
			return expand_no_memory(x);
		if (all->count > 0)
			memcpy(items, all->items, all->count * sizeof *items);
		all->items = items;
		x->size = size;
	}
	target = &all->items[all->count];
	*target = (struct route_target){
		.end = end, .has_sender = v->has_sender, .sender = v->sender, .origin = *at
	};
	if (!arena_keep(x->a, address, &target->address))
		return expand_no_memory(x);
	all->count++;
	return true;
}

/* What an error transport would return to its sender later is refused now (P4); to those whom we
 * relay for, who asked for an address that is not hosted, it is returned. */
static bool refused(struct expansion *x, const struct visit *v, const struct route_way *way)
{
	str status, words;

	if (!x->hosted || way->transport->kind != CONF_ERROR)
		return false;
	route_error(way, &status, &words);
	fail_with(x->why, FAIL_PERMANENT, "", "<%.*s>: %.*s", STR(v->address), STR(words));
	if (x->why) {
		str_to_c(status, x->why->status, sizeof x->why->status);
		if (str_starts(status, S("4")))
			x->why->kind = FAIL_TEMPORARY;
	}
	put_blame(x, way->transport->text.n > 0 ? &way->transport->origin : &way->origin);
	if (x->blame)
		*x->blame = (struct route_blame){ .at = v->at, .by_rule = true };
	return true;
}

static bool add_address(struct expansion *x, const struct visit *v)
{
	struct route_way way;
	bool found = router_way(x->r, v->key, NULL, &way);

	assert(found); /* who is nobody does not come here */
	return !refused(x, v, &way) && add_target(x, ROUTE_ADDRESS, v, v->address, &v->at);
}

bool expand_row(struct expansion *x, const struct visit *v, const struct route_way *way, str row)
{
	struct route_targets *all = x->targets;

	return !refused(x, v, way) && add_target(x, ROUTE_ADDRESS, v, v->address, &way->origin) &&
	       (JOIN(x, &all->items[all->count - 1].into, ROUTE_ROW, row));
}

/* A program or a file, for the alias that leads there. */
static bool into(struct expansion *x, const struct visit *v, str text, const struct conf_origin *at)
{
	struct route_targets *all = x->targets;

	return add_target(x, ROUTE_ADDRESS, v, v->address, at) &&
	       (arena_keep(x->a, text, &all->items[all->count - 1].into) || expand_no_memory(x));
}

static bool discard(struct expansion *x, const struct visit *v, const struct conf_origin *at)
{
	for (size_t i = 0; i < x->targets->count; i++)
		if (x->targets->items[i].end == ROUTE_DISCARD)
			return true;
	return add_target(x, ROUTE_DISCARD, v, S("/dev/null"), at);
}

/* Behind the local part, inside its quotes. */
static bool put_tag(struct expansion *x, str address, str tag, str *whole)
{
	str local = address_local(address);
	size_t quote = str_ends(local, S("\""));

	return JOIN(x, whole, str_first(local, local.n - quote), tag,
		str_skip(address, local.n - quote));
}

/* The address that a target of v's entry means. */
static bool target_address(
	struct expansion *x, const struct visit *v, str text, str tag, str *address)
{
	if (str_starts(text, S("@")))
		return JOIN(x, address, address_local(v->address), text);
	if (!str_has(text, '@')) /* a catch-all */
		return JOIN(x, address, text, S("@"), v->domain->name);
	if (tag.n > 0)
		return put_tag(x, text, tag, address);
	*address = text;
	return true;
}

static bool lists_itself(struct expansion *x, const struct visit *v)
{
	struct alias_targets targets = v->found.targets;
	struct alias_target target;
	char to[ADDRESS_KEY_MAX];
	str address, key;

	if (v->reflexive)
		return true;
	while (alias_targets_next(&targets, &target))
		if (target_address(x, v, target.text, v->found.tag, &address) &&
			address_key(address, to, &key) && str_eq(key, v->key))
			return true;
	return false;
}

/* Go to an address; up is who leads there, or null. */
static bool visit(struct expansion *x, const struct visit *up, str address, str key,
	const struct conf_origin *at)
{
	struct visit *v = visit_of(x, key);
	bool ok;

	if (!v)
		return false;
	if (v->address.p) /* met before: by another way, or we are inside it */
		return !v->open || lists_itself(x, v) || fail_loop(x, up, v, at);
	v->address = address;
	v->domain = router_domain(x->r, key);
	v->at = *at;
	v->up = up;
	if (!up)
		x->hosted = v->domain;
	if (up) {
		v->depth = up->depth + 1;
		v->has_sender = up->has_sender;
		v->sender = up->sender;
	}
	if (!v->domain)
		return add_address(x, v);
	if (v->depth > x->r->conf->limits.alias_depth_max)
		return FAULT(x, at, "4.4.6", "<%.*s>: aliases lead to aliases deeper than %u",
			STR(x->recipient), x->r->conf->limits.alias_depth_max);
	v->open = true;
	ok = resolve(x, v);
	v->open = false;
	return ok;
}

static void tell_step(
	struct expansion *x, unsigned depth, str from, str to, const struct conf_origin *at)
{
	if (x->step)
		x->step(x->owner, depth, from, to, at);
}

static bool fold(struct expansion *x, str address, const struct conf_origin *at,
	char to[ADDRESS_KEY_MAX], str *key)
{
	if (address_key(address, to, key) && address_local(*key).n < key->n)
		return true;
	fail_with(x->why, FAIL_PERMANENT, "5.1.3", "<%.*s>: not an address", STR(address));
	return put_blame(x, at);
}

/* Go where one target of v's entry leads.  *self: it has been v itself before. */
static bool follow_target(struct expansion *x, struct visit *v, const struct alias_target *target,
	str tag, bool *self)
{
	struct conf_origin at = { target->file, target->line, target->column };
	char to[ADDRESS_KEY_MAX];
	str address, key;

	if (str_eq(target->text, S("/dev/null"))) {
		tell_step(x, v->depth, v->address, target->text, &at);
		return discard(x, v, &at);
	}
	if (str_starts(target->text, S("|")) || str_starts(target->text, S("/"))) {
		tell_step(x, v->depth, v->address, target->text, &at);
		return into(x, v, target->text, &at);
	}
	if (!target_address(x, v, target->text, tag, &address) || !fold(x, address, &at, to, &key))
		return false;
	tell_step(x, v->depth, v->address, address, &at);
	if (!str_eq(key, v->key))
		return visit(x, v, address, key, &at);
	if (*self)
		return true;
	*self = v->reflexive = true;
	v->at = at;
	return resolve(x, v);
}

bool expand_follow(struct expansion *x, struct visit *v)
{
	struct found found = v->found; /* the next place may find more */
	struct alias_target target;
	bool self = false;

	while (alias_targets_next(&found.targets, &target))
		if (!follow_target(x, v, &target, found.tag, &self))
			return false;
	return true;
}

/* The same for the one target of a directive. */
static bool follow_text(struct expansion *x, struct visit *v, const struct conf_text *text)
{
	const struct conf_origin *at = &text->origin;
	struct alias_target target = { text->text, at->file, at->line, at->column };
	bool self = false;

	v->found = (struct found){ 0 };
	return follow_target(x, v, &target, S(""), &self);
}

static bool find_virtual(struct expansion *x, struct visit *v)
{
	const struct alias_table *t = router_table(x->r, v->domain);
	char to[ADDRESS_KEY_MAX];
	str base, local = address_local(v->address);

	v->found.tag = S("");
	if (!t || alias_table_find(t, v->key, &v->found.targets))
		return t;
	if (!router_base(v->domain, v->key, to, &base) ||
		!alias_table_find(t, base, &v->found.targets))
		return false;
	/* As it was written, where folding took no quotes off. */
	if (local.n != address_local(v->key).n)
		local = address_local(v->key);
	v->found.tag = str_skip(local, address_local(base).n);
	return true;
}

/* Mail to an alias that has an owner is sent on in his name: what goes wrong is told to him. */
bool expand_take_owner(struct expansion *x, struct visit *v, str name)
{
	const struct alias_table *t = router_table(x->r, v->domain);
	struct alias_targets targets;
	str owner;

	if (!t || str_starts(name, S("\"")))
		return true;
	if (!JOIN(x, &owner, S("owner-"), name, S("@"), v->domain->name))
		return false;
	if (!alias_table_find(t, address_local(owner), &targets) &&
		!alias_table_find(t, owner, &targets))
		return true;
	v->has_sender = true;
	v->sender = owner;
	return true;
}

static bool find_alias(struct expansion *x, struct visit *v, str *name, char to[ADDRESS_KEY_MAX])
{
	const struct alias_table *t = router_table(x->r, v->domain);
	str base;

	v->found.tag = S("");
	*name = address_local(v->key);
	if (!t || alias_table_find(t, *name, &v->found.targets))
		return t;
	if (!router_base(v->domain, v->key, to, &base))
		return false;
	*name = address_local(base);
	return alias_table_find(t, *name, &v->found.targets);
}

static bool find_wildcard(struct expansion *x, struct visit *v)
{
	const struct alias_table *t = router_table(x->r, v->domain);

	v->found.tag = S("");
	return t &&
	       alias_table_find(t, str_skip(v->key, address_local(v->key).n), &v->found.targets);
}

/* Who may be in a table that nobody asks. */
static bool may_exist(struct expansion *x, const struct visit *v)
{
	return !domain_tables_asks(&x->tables) && x->tables.unknown && domain_tables_any(v->domain);
}

/* Ask the places that have not been asked yet, until one knows the address. */
static bool resolve(struct expansion *x, struct visit *v)
{
	const struct conf *conf = x->r->conf;
	struct transports_row row;
	char to[ADDRESS_KEY_MAX];
	bool ok;
	str name;

	while (v->stage < BY_NOBODY) {
		switch (v->stage++) {
		case BY_VIRTUAL:
			if (find_virtual(x, v))
				return expand_follow(x, v);
			break;
		case BY_ALIAS:
			if (find_alias(x, v, &name, to))
				return expand_take_owner(x, v, name) && expand_follow(x, v);
			break;
		case BY_MAILBOX:
			if (router_mailbox(x->r, v->domain, v->key))
				return add_address(x, v);
			break;
		case BY_ROW:
			if (router_row(x->r, v->domain, v->key, &row))
				return add_address(x, v);
			break;
		case BY_WHOLE:
			if (v->domain->whole && router_listed(x->r, v->domain, v->key))
				return add_address(x, v);
			break;
		case BY_WHOLE_TABLE:
			if (expand_asked_whole(x, v, &ok))
				return ok && add_address(x, v);
			break;
		case BY_POSTMASTER:
			if (str_eq(address_local(v->key), S("postmaster")) &&
				conf->postmaster.text.n > 0)
				return follow_text(x, v, &conf->postmaster);
			break;
		case BY_WILDCARD:
			if (find_wildcard(x, v))
				return expand_follow(x, v);
			break;
		case BY_CATCH_ALL:
			if (v->domain->catch_all.text.n > 0)
				return follow_text(x, v, &v->domain->catch_all);
			break;
		case BY_ANYBODY:
			if (v->domain->recipients.count + v->domain->tables.recipients.count == 0 &&
				router_whole(x->r, v->domain, v->key))
				return add_address(x, v);
			break;
		case BY_DOMAIN_ROW:
			if (router_domain_row(x->r, v->domain, &row))
				return add_address(x, v);
			break;
		case BY_VIRTUAL_TABLE:
		case BY_ALIAS_TABLE:
		case BY_ROW_TABLE:
		case BY_WILDCARD_TABLE:
		case BY_DOMAIN_ROW_TABLE:
			if (expand_asked(x, v, v->stage - 1, &ok))
				return ok;
			break;
		case BY_NOBODY:
			break;
		}
	}
	return may_exist(x, v) ? add_target(x, ROUTE_ADDRESS, v, v->address, &v->at)
			       : fail_nobody(x, v);
}

static bool expand(struct expansion *x, str recipient)
{
	const struct conf_text *postmaster = &x->r->conf->postmaster;
	struct conf_origin at = { 0 };
	char to[ADDRESS_KEY_MAX];
	str key;

	x->tables.router = x->r;
	x->tables.arena = x->a;
	*x->targets = (struct route_targets){ 0 };
	if (x->blame)
		*x->blame = (struct route_blame){ 0 };
	if (str_eq_nocase(recipient, S("postmaster")) && postmaster->text.n > 0) {
		at = postmaster->origin;
		tell_step(x, 0, recipient, postmaster->text, &at);
		recipient = postmaster->text;
	}
	return fold(x, recipient, &at, to, &key) && visit(x, NULL, recipient, key, &at);
}

bool route_expand_blame(const struct router *r, struct arena *a, str recipient,
	struct route_targets *targets, struct fail *why, route_step *step, void *owner,
	struct route_blame *blame)
{
	struct expansion x = { .r = r,
		.a = a,
		.recipient = recipient,
		.targets = targets,
		.step = step,
		.owner = owner,
		.why = why,
		.blame = blame };

	return expand(&x, recipient);
}

bool route_expand(const struct router *r, struct arena *a, str recipient,
	struct route_targets *targets, struct fail *why, route_step *step, void *owner)
{
	return route_expand_blame(r, a, recipient, targets, why, step, owner, NULL);
}

bool route_expand_asking(const struct router *r, struct route_ask *ask, struct arena *a,
	str recipient, struct route_targets *targets, struct fail *why, route_step *step,
	void *owner)
{
	struct expansion x = { .r = r,
		.a = a,
		.recipient = recipient,
		.targets = targets,
		.step = step,
		.owner = owner,
		.why = why };

	*ask = (struct route_ask){ .asking = ask->asking };
	x.tables.ask = ask;
	return expand(&x, recipient);
}
