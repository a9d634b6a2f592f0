#include "route/transports.h"

#include <stdio.h>

#include "base/mem.h"
#include "base/number.h"
#include "conf/nearest.h"
#include "mail/address.h"
#include "route/alias_table.h"
#include "route/nexthop.h"

struct transports_builder {
	const struct conf *conf;
	str domain;
	struct alias_table *table;
	unsigned source; /* counts the files */
};

/* A row that is being read. */
struct row {
	str file;
	uint32_t line;
	uint32_t column; /* of the result */
	str pattern, result;
};

struct transports_builder *transports_builder_new(const struct conf *c, str domain)
{
	struct transports_builder *b = MEM_NEW(struct transports_builder);

	b->conf = c;
	b->domain = domain;
	b->table = alias_table_new();
	return b;
}

struct alias_table *transports_builder_finish(struct transports_builder *b)
{
	struct alias_table *t = b->table;

	mem_free(b);
	return t;
}

static bool wrong(const struct row *r, uint32_t column, struct fail *why, const char *text)
{
	return fail_with(why, FAIL_PERMANENT, "5.3.5", "%.*s:%u:%u: %s", STR(r->file), r->line,
		column, text);
}

/* error, discard and relay are Postfix's names for what needs no block here. */
static bool known(const struct conf *c, str name, struct conf_nearest *nearest)
{
	static const str own[] = { STR_INIT("error"), STR_INIT("discard"), STR_INIT("relay") };

	for (size_t i = 0; i < LENGTH(own); i++) {
		if (str_eq(name, own[i]))
			return true;
		conf_nearest_offer(nearest, own[i]);
	}
	for (size_t i = 0; i < c->transport_count; i++) {
		if (str_eq(name, c->transports[i].name))
			return true;
		conf_nearest_offer(nearest, c->transports[i].name);
	}
	return false;
}

static const struct conf_transport *find_transport(const struct conf *c, str name)
{
	for (size_t i = 0; i < c->transport_count; i++)
		if (str_eq(name, c->transports[i].name))
			return &c->transports[i];
	return NULL;
}

/* The transport of a known name whose next hops are hosts; relay, and no name, is smtp.  Null: it
 * is another kind, and its next hop is just words. */
static const struct conf_transport *find_sender(const struct conf *c, str name)
{
	const struct conf_transport *t = find_transport(c, name);

	if (!t && (name.n == 0 || str_eq(name, S("relay"))))
		t = find_transport(c, S("smtp"));
	return t && (t->kind == CONF_SMTP || t->kind == CONF_LMTP) ? t : NULL;
}

/* The key of a pattern, in table form; "" where it is none of this domain's. */
static bool fold(const struct transports_builder *b, const struct row *r, char to[ADDRESS_KEY_MAX],
	str *key, struct fail *why)
{
	char raw[ADDRESS_KEY_MAX];
	str address = r->pattern;
	int n;

	*key = S("");
	if (str_eq(address, S("*")) || str_starts(address, S(".")))
		return true;
	if (!str_has(address, '@')) {
		n = snprintf(raw, sizeof raw, "x@%.*s", STR(r->pattern));
		if (n < 0 || (size_t)n >= sizeof raw)
			return wrong(r, 1, why, "this pattern is too long");
		address = str_from(raw, (size_t)n);
	}
	if (!address_key(address, to, key) || address_domain(*key).n == 0)
		return wrong(r, 1, why, "an address or a domain is expected here");
	if (!str_eq(address_domain(*key), b->domain))
		*key = S("");
	else if (address.p == raw)
		*key = b->domain;
	return true;
}

/* What could only fail later, and bounce, is said now. */
bool transports_value(const struct conf *c, str domain, str value, size_t *at, struct fail *why)
{
	str nexthop = value, name;
	struct conf_nearest nearest = { 0 };
	const struct conf_transport *t;
	struct nexthop unused;

	*at = 0;
	if (!str_cut(&nexthop, ':', &name))
		return fail_with(
			why, FAIL_PERMANENT, "5.3.5", "\"TRANSPORT:NEXTHOP\" is expected here");
	nearest.word = name;
	if (name.n > 0 && !known(c, name, &nearest))
		return fail_with(why, FAIL_PERMANENT, "5.3.5",
			"unknown transport '%.*s'; the nearest known one is '%.*s'", STR(name),
			STR(nearest.best));
	t = find_sender(c, name);
	if (!t || (nexthop.n == 0 && t->host.n > 0))
		return true;
	if (nexthop.n == 0)
		return fail_with(why, FAIL_PERMANENT, "5.3.5",
			"a next hop is expected behind '%.*s:': else it is the MX hosts of '%.*s', "
			"and those are this server",
			STR(name), STR(domain));
	*at = name.n + 1;
	return nexthop_parse(nexthop, &unused) ||
	       fail_with(why, FAIL_PERMANENT, "5.3.5",
		       "'%.*s' is no next hop, such as a.example, [mail.a.example], [192.0.2.1]:25 "
		       "(a port from 1 to 65535) or unix:/run/socket",
		       STR(nexthop));
}

static bool add_row(struct transports_builder *b, const struct row *r, struct fail *why)
{
	char to[ADDRESS_KEY_MAX], text[FAIL_TEXT_MAX];
	struct alias_target target = { r->result, r->file, r->line, r->column };
	struct alias_targets former;
	struct fail bad;
	size_t at;
	str key;

	if (!fold(b, r, to, &key, why))
		return false;
	if (key.n == 0)
		return true;
	if (!transports_value(b->conf, b->domain, r->result, &at, &bad))
		return wrong(r, r->column + (uint32_t)at, why, bad.text);
	if (alias_table_put(b->table, key, &target, b->source, &former))
		return true;
	snprintf(text, sizeof text, "'%.*s' is given twice; it stands in line %u, too",
		STR(r->pattern), former.line);
	return wrong(r, 1, why, text);
}

/* A line that begins with a blank goes on with the row before it. */
static bool take_row(str *text, struct row *r, uint32_t *line_number, struct arena *a)
{
	str line, more;

	for (;;) {
		if (text->n == 0)
			return false;
		str_cut(text, '\n', &line);
		++*line_number;
		line = str_trim_right(line);
		if (line.n > 0 && line.p[0] != '#')
			break;
	}
	r->line = *line_number;
	while (text->n > 0 && (text->p[0] == ' ' || text->p[0] == '\t' || text->p[0] == '#')) {
		str_cut(text, '\n', &more);
		++*line_number;
		more = str_trim(more);
		if (more.n > 0 && more.p[0] != '#')
			line = arena_printf(a, "%.*s %.*s", STR(line), STR(more));
	}
	r->result = line;
	if (!str_word(&r->result, &r->pattern))
		r->pattern = S("");
	r->result = str_trim(r->result);
	r->column = (uint32_t)(r->result.p - line.p) + 1;
	return true;
}

bool transports_builder_add(struct transports_builder *b, str file, str text, struct fail *why)
{
	struct arena step;
	struct row r = { .file = file };
	uint32_t line_number = 0;
	bool ok = true;

	b->source++;
	arena_init(&step, ARENA_UNLIMITED);
	while (ok && take_row(&text, &r, &line_number, &step))
		ok = add_row(b, &r, why);
	arena_free(&step);
	return ok;
}

bool transports_find(const struct alias_table *t, str key, struct transports_row *row)
{
	struct alias_targets targets;
	struct alias_target target;

	if (!alias_table_find(t, key, &targets) || !alias_targets_next(&targets, &target))
		return false;
	row->nexthop = target.text;
	str_cut(&row->nexthop, ':', &row->transport);
	row->at = (struct conf_origin){ target.file, target.line, target.column };
	return true;
}

/* class.subject.detail, RFC 3463 section 2 */
static bool is_status(str s)
{
	uint64_t n;
	str class, subject;

	return str_cut(&s, '.', &class) && str_cut(&s, '.', &subject) &&
	       number_parse(class, 5, &n) && (n == 4 || n == 5) && number_parse(subject, 999, &n) &&
	       number_parse(s, 999, &n);
}

void transports_error(str nexthop, str *status, str *words)
{
	str rest = nexthop, first;

	*status = S("5.1.1");
	*words = str_trim(nexthop);
	if (str_word(&rest, &first) && is_status(first)) {
		*status = first;
		*words = str_trim(rest);
	}
	if (words->n == 0)
		*words = S("This address takes no mail");
}
