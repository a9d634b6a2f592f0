/*
 * What only the whole of a configuration and its tables shows to be wrong.
 *
 * Every name of a table is expanded as a recipient would be, so that what passes here does not fail
 * at RCPT.
 */
#include <stdarg.h>
#include <stdio.h>

#include "base/buf.h"
#include "conf/nearest.h"
#include "route/domain_tables.h"
#include "route/router.h"
#include "route/strangers.h"

#define SUGGESTIONS_MAX 20 /* looking for the nearest known name walks the whole table */
#define STRANGER S("nobody-has-this-name") /* takes the way of all unknown local parts */

struct check {
	const struct router *r;
	struct buf *errors;
	size_t count;
	unsigned suggestions;
	struct map said;   /* places that have had their line */
	struct arena step; /* of one expansion */
	struct arena way;  /* of one address */
};

PRINTF_LIKE(4, 0)
static void put_line(struct check *c, const char *kind, const struct conf_origin *at,
	const char *format, va_list args)
{
	char raw[FAIL_TEXT_MAX], text[FAIL_TEXT_MAX];

	vsnprintf(raw, sizeof raw, format, args);
	fail_clean(str_of(raw), text, sizeof text);
	if (at->file.n == 0)
		buf_putf(c->errors, "%sconf.d:1:1: %s\n", kind, text);
	else
		buf_putf(c->errors, "%s%.*s:%u:%u: %s\n", kind, STR(at->file), at->line, at->column,
			text);
}

PRINTF_LIKE(3, 4)
static void report(struct check *c, const struct conf_origin *at, const char *format, ...)
{
	va_list args;

	c->count++;
	va_start(args, format);
	put_line(c, "", at, format, args);
	va_end(args);
}

PRINTF_LIKE(3, 4)
static void warn(struct check *c, const struct conf_origin *at, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put_line(c, "warning: ", at, format, args);
	va_end(args);
}

/* The first time that this place is to blame?  One mistake fails many names. */
static bool first_blame(struct check *c, const struct conf_origin *at)
{
	char place[FAIL_TEXT_MAX];

	snprintf(place, sizeof place, "%u:%u:%.*s", at->line, at->column, STR(at->file));
	return !map_set(&c->said, str_of(place), c);
}

static void offer(struct conf_nearest *nearest, str known)
{
	if (!str_eq_nocase(nearest->word, known)) /* one that leads to itself is no help */
		conf_nearest_offer(nearest, known);
}

/* "; the nearest known one is ..." behind a name that nobody has, or nothing where none is near. */
static const char *nearest_known(struct check *c, str address, char to[FAIL_TEXT_MAX])
{
	const struct conf_domain *d = route_hosted(c->r, address);
	const struct alias_table *t = d ? router_table(c->r, d) : NULL;
	const struct conf *conf = c->r->conf;
	struct conf_nearest nearest = { .word = address_local(address) };
	str key;

	to[0] = '\0';
	if (!d || c->suggestions++ >= SUGGESTIONS_MAX)
		return to;
	for (size_t i = 0; t && alias_table_key(t, i, &key); i++)
		if (address_local(key).n > 0)
			offer(&nearest, address_local(key));
	for (size_t i = 0; i < conf->mailbox_count; i++)
		if (str_eq(address_domain(conf->mailboxes[i].address), d->name))
			offer(&nearest, address_local(conf->mailboxes[i].address));
	if (nearest.best.n > 0 && nearest.distance <= nearest.word.n / 2)
		snprintf(to, FAIL_TEXT_MAX, "; the nearest known one is '%.*s'", STR(nearest.best));
	return to;
}

static void report_nobody(struct check *c, const struct conf_origin *at, str address)
{
	char near[FAIL_TEXT_MAX];

	if (first_blame(c, at))
		report(c, at, "'%.*s' is neither an alias nor a mailbox%s", STR(address),
			nearest_known(c, address, near));
}

/* Does anything say what this hosted address is?  The next step only: the rest is said there. */
static bool known(const struct check *c, const struct conf_domain *d, str key)
{
	const struct alias_table *t = router_table(c->r, d);
	struct alias_targets found;
	char to[ADDRESS_KEY_MAX];
	str local = address_local(key), base;
	struct transports_row row;

	if (d->catch_all.text.n > 0 || str_eq(local, S("postmaster")) || domain_tables_any(d) ||
		router_mailbox(c->r, d, key) || router_row(c->r, d, key, &row) ||
		router_whole(c->r, d, key) || router_domain_row(c->r, d, &row))
		return true;
	if (!t)
		return false;
	if (alias_table_find(t, key, &found) || alias_table_find(t, local, &found) ||
		alias_table_find(t, str_skip(key, local.n), &found))
		return true;
	return router_base(d, key, to, &base) &&
	       (alias_table_find(t, base, &found) ||
		       alias_table_find(t, address_local(base), &found));
}

/* Each target of an entry on its own, so that all that is wrong with a list is said at once. */
static void check_targets(struct check *c, struct alias_targets targets)
{
	struct alias_target target;

	while (alias_targets_next(&targets, &target)) {
		const struct conf_origin at = { target.file, target.line, target.column };
		char to[ADDRESS_KEY_MAX];
		const struct conf_domain *d;
		str key;

		if (str_starts(target.text, S("@")) || str_starts(target.text, S("|")) ||
			str_starts(target.text, S("/")) || !address_key(target.text, to, &key))
			continue;
		d = router_domain(c->r, key);
		if (d && !known(c, d, key))
			report_nobody(c, &at, target.text);
	}
}

/* What a recipient stands for; what is wrong is reported, at the place that is to blame, or at
 * from.  False: something is. */
static bool check_recipient(struct check *c, str recipient, const struct conf_origin *from,
	struct route_targets *targets)
{
	struct fail why = { 0 };
	struct route_blame blame;
	char near[FAIL_TEXT_MAX];

	arena_reset(&c->step);
	if (route_expand_blame(c->r, &c->step, recipient, targets, &why, NULL, NULL, &blame))
		return true;
	if (blame.by_rule && blame.at.file.n == 0)
		return false; /* a mailbox that is closed on purpose */
	if (blame.at.file.n == 0)
		blame.at = *from;
	if (!first_blame(c, &blame.at))
		return false;
	if (blame.by_rule)
		warn(c, &blame.at, "mail for '%.*s' is refused, because of %s", STR(recipient),
			why.text);
	else
		report(c, &blame.at, "%s%s", why.text, nearest_known(c, blame.nobody, near));
	return false;
}

/* A virtual file may serve several domains: then the other one has the same line. */
static void check_foreign(
	struct check *c, str key, const struct conf_origin *at, const struct alias_targets *ours)
{
	const struct conf_domain *d = router_domain(c->r, key);
	const struct alias_table *t = d ? router_table(c->r, d) : NULL;
	struct alias_targets theirs;

	if (t && alias_table_find(t, key, &theirs) && str_eq(theirs.file, ours->file) &&
		theirs.line == ours->line)
		return;
	report(c, at, "this can never apply: the table is not one of '%.*s'",
		STR(address_domain(key)));
}

/* To an address at our own name, where nothing says who that is: a bounce for strangers (P4). */
static bool comes_back(struct check *c, str address)
{
	struct route_way way;

	arena_reset(&c->way);
	return route_find(c->r, &c->way, &(struct route_mail){ .address = address }, &way, NULL) &&
	       str_eq_nocase(way.nexthop, c->r->conf->hostname.text);
}

static void check_ends(struct check *c, const struct route_targets *all)
{
	for (size_t i = 0; i < all->count; i++) {
		const struct route_target *t = &all->items[i];

		if (t->end == ROUTE_ADDRESS && t->into.n == 0 && comes_back(c, t->address) &&
			first_blame(c, &t->origin))
			report(c, &t->origin,
				"'%.*s' would be this server, and nothing here says who that is: "
				"it needs a 'domain %.*s' or a route",
				STR(t->address), STR(address_domain(t->address)));
	}
}

static void check_entry(
	struct check *c, const struct conf_domain *d, str key, const struct alias_targets *targets)
{
	const struct conf_origin at = { targets->file, targets->line, 1 };
	bool whole = str_has(key, '@') && !str_ends(key, S("\"")); /* an @ in quotes is local */
	struct route_targets all;
	struct arena step;

	if (whole && !str_eq(address_domain(key), d->name)) {
		check_foreign(c, key, &at, targets);
		return;
	}
	check_targets(c, *targets);
	arena_init(&step, ARENA_UNLIMITED);
	if (str_starts(key, S("@")))
		key = arena_printf(&step, "%.*s%.*s", STR(STRANGER), STR(key));
	else if (!whole)
		key = arena_printf(&step, "%.*s@%.*s", STR(key), STR(d->name));
	if (check_recipient(c, key, &at, &all))
		check_ends(c, &all);
	arena_free(&step);
}

static void check_catch_all(struct check *c, const struct conf_domain *d)
{
	const struct conf_origin *at = &d->catch_all.origin;
	struct route_targets all;
	struct arena step;

	if (d->catch_all.text.n == 0)
		return;
	arena_init(&step, ARENA_UNLIMITED);
	if (check_recipient(
		    c, arena_printf(&step, "%.*s@%.*s", STR(STRANGER), STR(d->name)), at, &all))
		check_ends(c, &all);
	arena_free(&step);
}

/* Somebody must read what postmaster gets (RFC 5321 section 4.5.1). */
static void check_postmaster(struct check *c, const struct conf_domain *d)
{
	struct route_targets all;
	struct arena step;

	arena_init(&step, ARENA_UNLIMITED);
	if (check_recipient(
		    c, arena_printf(&step, "postmaster@%.*s", STR(d->name)), &d->origin, &all)) {
		for (size_t i = 0; i < all.count; i++) {
			const struct route_target *t = &all.items[i];

			if (t->end == ROUTE_DISCARD)
				warn(c, &t->origin,
					"mail for postmaster of '%.*s' is thrown away here",
					STR(d->name));
			else if (t->into.n == 0 && comes_back(c, t->address) &&
				 (t->origin.file.n == 0 || first_blame(c, &t->origin)))
				report(c, &d->origin,
					"mail for postmaster of '%.*s' goes to '%.*s', which would "
					"be this server: say who that is, with 'postmaster "
					"ADDRESS' "
					"or a mailbox",
					STR(d->name), STR(t->address));
		}
	}
	arena_free(&step);
}

static bool has_mailbox(const struct conf *conf, const struct conf_domain *d)
{
	for (size_t i = 0; i < conf->mailbox_count; i++)
		if (str_eq(address_domain(conf->mailboxes[i].address), d->name))
			return true;
	return false;
}

static bool has_rows(const struct router *r, const struct conf_domain *d)
{
	const struct alias_table *t = r->transports[d - r->conf->domains];
	str key;

	return t && alias_table_key(t, 0, &key);
}

/* Who takes everybody would bounce what he cannot deliver (P4). */
static void check_whole(struct check *c, const struct conf_domain *d)
{
	bool told = d->recipients.count + d->tables.recipients.count > 0;

	if (!d->whole && d->recipients.count > 0)
		report(c, &d->recipients.items[0].origin,
			"'recipients' says who has a mailbox behind 'relay' or 'mailboxes', and "
			"'domain %.*s' has neither",
			STR(d->name));
	if (!d->whole && d->tables.recipients.count > 0)
		report(c, &d->tables.recipients.items[0].written.origin,
			"'recipient-table' says who has a mailbox behind 'relay' or 'mailboxes', "
			"and 'domain %.*s' has neither",
			STR(d->name));
	if (d->whole && !told && d->whole->kind != CONF_SMTP && d->whole->kind != CONF_LMTP &&
		d->whole->kind != CONF_ERROR)
		report(c, &d->whole_origin,
			"nothing says who has a mailbox there, and nobody can be asked: it needs "
			"'recipients FILE' or 'recipient-table TABLE'");
	if (d->whole && !told && d->catch_all.text.n > 0)
		report(c, &d->catch_all.origin,
			"this can never apply: line %u takes everybody, as no 'recipients' says "
			"who "
			"there is",
			d->whole_origin.line);
	if (d->whole && d->whole->kind == CONF_SMTP && d->whole->host.n == 0)
		report(c, &d->whole_origin,
			"this would lead to the MX hosts of '%.*s', and those are this server: say "
			"the host",
			STR(d->name));
}

static void check_domain(struct check *c, const struct conf_domain *d)
{
	const struct alias_table *t = router_table(c->r, d);
	struct alias_targets targets;
	str key;

	for (size_t i = 0; t && alias_table_key(t, i, &key); i++)
		if (alias_table_find(t, key, &targets))
			check_entry(c, d, key, &targets);
	check_whole(c, d);
	check_catch_all(c, d);
	check_postmaster(c, d);
	if (!(t && alias_table_key(t, 0, &key)) && d->catch_all.text.n == 0 &&
		!has_mailbox(c->r->conf, d) && !has_rows(c->r, d) && !d->whole &&
		!domain_tables_any(d))
		warn(c, &d->origin, "domain '%.*s' has no recipient but postmaster", STR(d->name));
}

/* A mailbox that an alias stands before, and does not lead to, gets nothing. */
static void check_mailbox(struct check *c, const struct conf_mailbox *m)
{
	struct route_targets all;

	if (!router_domain(c->r, m->address)) {
		report(c, &m->origin,
			"mailbox '%.*s' can never get mail: there is no 'domain %.*s'",
			STR(m->address), STR(address_domain(m->address)));
		return;
	}
	if (!check_recipient(c, m->address, &m->origin, &all))
		return;
	for (size_t i = 0; i < all.count; i++) {
		char to[ADDRESS_KEY_MAX];
		str key;

		if (address_key(all.items[i].address, to, &key) && str_eq(key, m->address))
			return;
	}
	warn(c, &m->origin, "mailbox '%.*s' gets no mail under its name: an alias takes all of it",
		STR(m->address));
}

static void check_route(struct check *c, const struct conf_route *route)
{
	str domain = str_has(route->pattern, '@') ? address_domain(route->pattern) : route->pattern;
	const struct conf_domain *d = map_get(&c->r->domains, domain);
	char place[CONF_ORIGIN_TEXT_MAX];

	if (d)
		report(c, &route->origin,
			"this can never apply: '%.*s' is hosted, at %s; give the address a mailbox",
			STR(domain), conf_origin_print(&d->origin, place));
}

/* Who trusts such a network trusts strangers: to relay for (P3), or with bare newlines (P6). */
static void check_nets(
	struct check *c, const struct conf_nets *nets, const char *word, const char *danger)
{
	size_t together = strangers_together(nets);
	char text[IP_TEXT_MAX];

	for (size_t i = 0; i < nets->count; i++)
		if (!nets->items[i].except && strangers_in(&nets->items[i].net))
			report(c, &nets->items[i].origin, "%s %s %s: strangers are in that network",
				word, ip_net_print(&nets->items[i].net, text), danger);
	if (together < nets->count)
		report(c, &nets->items[together].origin,
			"%s %s %s, together with the other networks: strangers are in so many",
			word, ip_net_print(&nets->items[together].net, text), danger);
}

/* Tables of a compile are in memory, and can be walked. */
static bool in_rows(const struct router *r, str name)
{
	struct transports_row row;
	str key;

	for (size_t i = 0; i < r->conf->domain_count; i++)
		for (size_t k = 0; r->transports[i] && alias_table_key(r->transports[i], k, &key);
			k++)
			if (transports_find(r->transports[i], key, &row) &&
				str_eq(row.transport, name))
				return true;
	return false;
}

static bool used(const struct router *r, const struct conf_transport *t)
{
	const struct conf *conf = r->conf;

	for (size_t i = 0; i < conf->route_count; i++)
		if (conf->routes[i].transport == t)
			return true;
	for (size_t i = 0; i < conf->mailbox_count; i++)
		if (conf->mailboxes[i].transport == t)
			return true;
	for (size_t i = 0; i < conf->sender_route_count; i++)
		if (conf->sender_routes[i].transport == t)
			return true;
	for (size_t i = 0; i < conf->domain_count; i++)
		if (conf->domains[i].whole == t)
			return true;
	return str_eq(t->name, S("smtp")) || in_rows(r, t->name); /* smtp: what no route takes */
}

size_t route_check(const struct router *r, struct buf *errors)
{
	const struct conf *conf = r->conf;
	struct check c = { .r = r, .errors = errors };

	arena_init(&c.step, ARENA_UNLIMITED);
	arena_init(&c.way, ARENA_UNLIMITED);
	check_nets(&c, &conf->relay_for, "relay-for", "makes this an open relay");
	check_nets(&c, &conf->xclient, "xclient-hosts", "lets strangers be anybody");
	check_nets(&c, &conf->xforward, "xforward-hosts", "lets strangers be anybody");
	for (size_t i = 0; i < conf->listener_count; i++)
		check_nets(&c, &conf->listeners[i].proxies, "proxy-protocol",
			"lets strangers be anybody");
	check_nets(&c, &conf->repair_newlines, "bare-newlines repair", "lets mail be smuggled in");
	for (size_t i = 0; i < conf->domain_count; i++)
		check_domain(&c, &conf->domains[i]);
	for (size_t i = 0; i < conf->mailbox_count; i++)
		check_mailbox(&c, &conf->mailboxes[i]);
	for (size_t i = 0; i < conf->route_count; i++)
		check_route(&c, &conf->routes[i]);
	for (size_t i = 0; i < conf->transport_count; i++)
		if (!used(r, &conf->transports[i]))
			warn(&c, &conf->transports[i].origin, "transport '%.*s' is never used",
				STR(conf->transports[i].name));
	map_free(&c.said);
	arena_free(&c.step);
	arena_free(&c.way);
	return c.count;
}
