/* How one recipient becomes the addresses that it stands for: what the tables of its domain say. */
#include "route/expand_inside.h"

#include "route/asking.h"

/* The address, then what it is without its sub-address, which is *tag. */
static enum domain_tables_end find(struct expansion *x, const struct visit *v,
	const struct conf_uses *uses, bool local, str *name, str *tag)
{
	enum domain_tables_end end;
	char to[ADDRESS_KEY_MAX];
	str key = v->key, base;

	*tag = S("");
	*name = local ? address_local(key) : key;
	end = domain_tables_find(&x->tables, uses, DOMAIN_TABLES_WHOLE, *name, x->why);
	if (end != DOMAIN_TABLES_NONE || uses->count == 0 ||
		!router_base(v->domain, key, to, &base))
		return end;
	*tag = str_skip(address_local(key), address_local(base).n);
	if (!JOIN(x, name, local ? address_local(base) : base))
		return DOMAIN_TABLES_FAILED;
	return domain_tables_find(&x->tables, uses, DOMAIN_TABLES_PART, *name, x->why);
}

/* Nothing is said yet, or never will be. */
static bool leave(struct expansion *x, enum domain_tables_end end, bool *ok)
{
	*ok = false;
	if (end == DOMAIN_TABLES_WAIT)
		x->tables.ask->waits = true;
	return end != DOMAIN_TABLES_NONE;
}

/* The targets of what was found become the entry of the visit. */
static enum domain_tables_end read_targets(struct expansion *x, struct visit *v, str key)
{
	return domain_tables_targets(
		&x->tables, x->a, v->domain->name, key, &v->found.targets, x->why);
}

static bool by_virtual(struct expansion *x, struct visit *v, bool *ok)
{
	enum domain_tables_end end;
	str key, tag;

	end = find(x, v, &v->domain->tables.virtuals, false, &key, &tag);
	if (end == DOMAIN_TABLES_FOUND)
		end = read_targets(x, v, key);
	if (end != DOMAIN_TABLES_FOUND)
		return leave(x, end, ok);
	v->found.tag = tag;
	*ok = expand_follow(x, v);
	return true;
}

/* As take_owner, where the tables say whether there is one. */
static enum domain_tables_end find_owner(struct expansion *x, struct visit *v, str name)
{
	enum domain_tables_end end;
	str owner;

	if (str_starts(name, S("\"")) || str_starts(name, S("owner-")))
		return DOMAIN_TABLES_NONE;
	if (!expand_take_owner(x, v, name) ||
		!JOIN(x, &owner, S("owner-"), name, S("@"), v->domain->name))
		return DOMAIN_TABLES_FAILED;
	end = domain_tables_find(&x->tables, &v->domain->tables.aliases, DOMAIN_TABLES_PART,
		address_local(owner), x->why);
	if (end == DOMAIN_TABLES_FOUND) {
		v->has_sender = true;
		v->sender = owner;
	}
	return end;
}

static bool by_alias(struct expansion *x, struct visit *v, bool *ok)
{
	enum domain_tables_end end;
	str name, tag;

	end = find(x, v, &v->domain->tables.aliases, true, &name, &tag);
	if (end == DOMAIN_TABLES_FOUND)
		end = read_targets(x, v, name);
	if (end != DOMAIN_TABLES_FOUND)
		return leave(x, end, ok);
	v->found.tag = S("");
	end = find_owner(x, v, name);
	if (end == DOMAIN_TABLES_WAIT || end == DOMAIN_TABLES_FAILED)
		return leave(x, end, ok);
	*ok = expand_follow(x, v);
	return true;
}

static bool by_wildcard(struct expansion *x, struct visit *v, bool *ok)
{
	str key = str_skip(v->key, address_local(v->key).n);
	enum domain_tables_end end = domain_tables_find(
		&x->tables, &v->domain->tables.virtuals, DOMAIN_TABLES_PART, key, x->why);

	if (end == DOMAIN_TABLES_FOUND)
		end = read_targets(x, v, key);
	if (end != DOMAIN_TABLES_FOUND)
		return leave(x, end, ok);
	v->found.tag = S("");
	*ok = expand_follow(x, v);
	return true;
}

/* A row that was found: TRANSPORT:NEXTHOP. */
static bool take_row(struct expansion *x, struct visit *v, str key, bool *ok)
{
	str row = str_trim(x->tables.value);
	struct fail bad = { 0 }, cause;
	struct route_way way;
	size_t at;

	if (row.n > ALIAS_INTO_MAX)
		fail_with(&bad, FAIL_TEMPORARY, "4.3.5", "longer than %u octets", ALIAS_INTO_MAX);
	else if (transports_value(x->r->conf, v->domain->name, row, &at, &bad) &&
		 router_named_way(x->r, row, &way)) {
		way.origin = x->tables.at;
		*ok = expand_row(x, v, &way, row);
		return true;
	}
	fail_with(&cause, FAIL_TEMPORARY, "4.3.5", "table %.*s: %s",
		STR(lookup_conf(x->tables.table)->name), bad.text);
	return leave(x, domain_tables_wrong(&x->tables, key, &cause, x->why), ok);
}

static bool by_row(struct expansion *x, struct visit *v, bool *ok)
{
	str key, tag;
	enum domain_tables_end end = find(x, v, &v->domain->tables.transports, false, &key, &tag);

	return end == DOMAIN_TABLES_FOUND ? take_row(x, v, key, ok) : leave(x, end, ok);
}

static bool by_domain_row(struct expansion *x, struct visit *v, bool *ok)
{
	str key = v->domain->name;
	enum domain_tables_end end = domain_tables_find(
		&x->tables, &v->domain->tables.transports, DOMAIN_TABLES_PART, key, x->why);

	return end == DOMAIN_TABLES_FOUND ? take_row(x, v, key, ok) : leave(x, end, ok);
}

bool expand_asked(struct expansion *x, struct visit *v, enum stage place, bool *ok)
{
	switch ((int)place) {
	case BY_VIRTUAL_TABLE:
		return by_virtual(x, v, ok);
	case BY_ALIAS_TABLE:
		return by_alias(x, v, ok);
	case BY_ROW_TABLE:
		return by_row(x, v, ok);
	case BY_WILDCARD_TABLE:
		return by_wildcard(x, v, ok);
	case BY_DOMAIN_ROW_TABLE:
		return by_domain_row(x, v, ok);
	}
	return false; /* no table of ours is asked for the other places */
}

bool expand_asked_whole(struct expansion *x, struct visit *v, bool *ok)
{
	enum domain_tables_end end;
	str key, tag;

	if (!v->domain->whole)
		return false;
	end = find(x, v, &v->domain->tables.recipients, false, &key, &tag);
	if (end != DOMAIN_TABLES_FOUND)
		return leave(x, end, ok);
	*ok = true;
	return true;
}
