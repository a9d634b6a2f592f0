#include "gate/table_check.h"

#include "gate/access_keys.h"
#include "mail/address.h"
#include "route/canonical.h"
#include "route/domain_tables.h"

struct check {
	const struct router *router;
	struct buf *report;
	size_t errors;
};

static void complain(struct check *c, const struct conf_origin *at, const struct fail *why)
{
	buf_putf(c->report, "%.*s:%u:%u: %s\n", STR(at->file), at->line,
		at->column > 0 ? at->column : 1, why->text);
	c->errors++;
}

/* A row of a table, where rows are known before it is asked. */
struct row {
	const struct conf_domain *domain; /* whose table it is, or null */
	str key;                          /* "" where rows are expressions or networks */
	str value;
	struct conf_origin
		at; /* of the value; a check that complains of something else says where */
};

/* False: *why says what the row cannot be. */
typedef bool row_check(const struct router *r, struct row *row, struct fail *why);

static void check_rows(struct check *c, const struct conf_domain *domain,
	const struct conf_uses *uses, row_check *means)
{
	for (size_t i = 0; i < uses->count; i++) {
		const struct lookup *t =
			lookup_set_at(router_lookups(c->router), uses->items[i].table);
		struct row row = { .domain = domain };

		for (size_t k = 0; lookup_row(t, k, &row.value, &row.at); k++) {
			struct fail why = { 0 };

			row.key = lookup_row_key(t, k);
			if (row.value.n > 0 && !means(c->router, &row, &why))
				complain(c, &row.at, &why);
		}
	}
}

/* An expression may make the local part; a domain with a '$' in it is none, so that whoever wrote
 * the message cannot say where a copy of it goes (P3). */
static bool is_destination(const struct router *r, str address, struct fail *why)
{
	struct route_targets targets;
	struct arena a;
	bool ok;

	if (!address_parse(address, true, NULL))
		return fail_with(why, FAIL_PERMANENT, "5.3.5",
			"'%.*s' is no address such as archive@example.org", STR(address));
	if (str_has(address, '$'))
		return true;
	arena_init(&a, ARENA_UNLIMITED);
	ok = route_expand(r, &a, address, &targets, why, NULL, NULL) ||
	     fail_while(why, ", so it gets no mail");
	arena_free(&a);
	return ok;
}

static bool is_verdict(
	const struct router *r, str value, enum verdict_place place, struct fail *why)
{
	struct verdict v;

	if (!verdict_parse(value, place, &v, why))
		return false;
	if (v.kind == VERDICT_FILTER)
		return str_has(v.text, '$') || access_is_way(r, v.text, why);
	return (v.kind != VERDICT_COPY && v.kind != VERDICT_REDIRECT) ||
	       is_destination(r, v.text, why);
}

static bool of_access(const struct router *r, struct row *row, struct fail *why)
{
	return is_verdict(r, row->value, VERDICT_OF_ACCESS, why);
}

/* A list that was made for names would let everybody in, and nobody would know. */
static bool of_client(const struct router *r, struct row *row, struct fail *why)
{
	if (row->key.n == 0 || access_keys_is_client(row->key))
		return of_access(r, row, why);
	row->at.column = 1;
	return fail_with(why, FAIL_PERMANENT, "5.3.5",
		"no client is looked up as '%.*s': only as an address or the beginning of one "
		"(192.0.2.1, 192.0.2, 2001:db8::1, 2001:db8); networks are for cidr: tables",
		STR(row->key));
}

static bool of_header(const struct router *r, struct row *row, struct fail *why)
{
	return is_verdict(r, row->value, VERDICT_OF_HEADER, why);
}

static bool of_body(const struct router *r, struct row *row, struct fail *why)
{
	return is_verdict(r, row->value, VERDICT_OF_BODY, why);
}

static bool of_rewrite(const struct router *r, struct row *row, struct fail *why)
{
	(void)r;
	return canonical_value(str_trim(row->value)) ||
	       fail_with(why, FAIL_PERMANENT, "5.3.5",
		       "'%.*s' is no address such as jo@example.org, nor @example.org, the same "
		       "user there",
		       STR(row->value));
}

static bool of_copy(const struct router *r, struct row *row, struct fail *why)
{
	str rest = row->value, address;

	while (rest.n > 0) {
		(void)str_cut(&rest, ',', &address);
		if (!is_destination(r, str_trim(address), why))
			return false;
	}
	return true;
}

/* What has a '$' is made when the table is asked, and checked then. */
static bool of_targets(const struct router *r, struct row *row, struct fail *why)
{
	return str_has(row->value, '$') || domain_tables_is_list(r, row->domain, row->value, why);
}

static bool of_ways(const struct router *r, struct row *row, struct fail *why)
{
	return str_has(row->value, '$') || domain_tables_is_way(r, row->domain, row->value, why);
}

static void check_domain(struct check *c, const struct conf_domain *d)
{
	check_rows(c, d, &d->tables.virtuals, of_targets);
	check_rows(c, d, &d->tables.aliases, of_targets);
	check_rows(c, d, &d->tables.transports, of_ways);
}

size_t table_check(const struct router *r, struct buf *report)
{
	const struct conf *c = router_conf(r);
	struct check check = { .router = r, .report = report };

	check_rows(&check, NULL, &c->access.client, of_client);
	check_rows(&check, NULL, &c->access.helo, of_access);
	check_rows(&check, NULL, &c->access.sender, of_access);
	check_rows(&check, NULL, &c->access.recipient, of_access);
	check_rows(&check, NULL, &c->headers, of_header);
	check_rows(&check, NULL, &c->body, of_body);
	check_rows(&check, NULL, &c->rewrite.sender, of_rewrite);
	check_rows(&check, NULL, &c->rewrite.recipient, of_rewrite);
	check_rows(&check, NULL, &c->rewrite.header_sender, of_rewrite);
	check_rows(&check, NULL, &c->rewrite.header_recipient, of_rewrite);
	check_rows(&check, NULL, &c->copy.sender, of_copy);
	check_rows(&check, NULL, &c->copy.recipient, of_copy);
	for (size_t i = 0; i < c->domain_count; i++)
		check_domain(&check, &c->domains[i]);
	for (size_t i = 0; i < c->copy.always.count; i++) {
		const struct conf_text *always = &c->copy.always.items[i];
		struct fail why = { 0 };

		if (!is_destination(r, always->text, &why))
			complain(&check, &always->origin, &why);
	}
	return check.errors;
}
