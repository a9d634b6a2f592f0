#include "sender/keytable.h"

#include "base/map.h"
#include "base/mem.h"
#include "dns/name.h"
#include "sender/dataset.h"
#include "sender/dkim_field.h"

struct keytable {
	struct arena arena;
	str file;
	struct map by_name;
	struct keytable_key *first;
};

static bool is_path(str secret)
{
	return str_starts(secret, S("/")) || str_starts(secret, S("./")) ||
	       str_starts(secret, S("../"));
}

/* False: *why, with the column. */
static bool read_value(struct keytable *t, const struct dataset *d, const struct dataset_row *row,
	struct keytable_key *k, struct fail *why)
{
	char domain[DNS_NAME_MAX + 1], selector[DNS_NAME_MAX + 1];
	str rest = row->value, first, second;
	struct buf unused = { .limit_octets = DKIM_FIELD_OCTETS_MAX };
	bool ok;

	if (!str_cut(&rest, ':', &first) || !str_cut(&rest, ':', &second) || rest.n == 0 ||
		str_has(rest, ':'))
		return dataset_wrong(
			d, row->column, why, "DOMAIN:SELECTOR:KEY is expected behind the name");
	if (!str_eq(first, S("%")) && !dns_name_ascii(first, domain))
		return dataset_wrong(d, row->column, why, "'%.*s' is no domain", STR(first));
	if (!dns_name_ascii(second, selector))
		return dataset_wrong(d, row->column + (unsigned)first.n + 1, why,
			"'%.*s' is no selector", STR(second));
	k->is_path = is_path(rest);
	ok = k->is_path || dkim_field_base64(rest, &unused);
	buf_free(&unused);
	if (!ok)
		return dataset_wrong(d, row->column + (unsigned)(rest.p - row->value.p), why,
			"neither a path (with /, ./ or ../ before it) nor a key in base64");
	k->domain = str_eq(first, S("%")) ? S("%") : arena_copy(&t->arena, str_of(domain));
	k->selector = arena_copy(&t->arena, str_of(selector));
	k->secret = arena_copy(&t->arena, rest);
	return true;
}

static bool read_rows(struct keytable *t, str text, struct fail *why)
{
	struct dataset d = { .file = t->file, .rest = text };
	struct keytable_key **last = &t->first;
	const struct keytable_key *former;
	struct dataset_row row;

	while (dataset_next(&d, &row)) {
		struct keytable_key *k = ARENA_NEW(&t->arena, struct keytable_key);

		former = keytable_find(t, row.key);
		if (former)
			return dataset_wrong(&d, 1, why,
				"'%.*s' is given twice; it stands in line %u, too", STR(row.key),
				former->line);
		if (!read_value(t, &d, &row, k, why))
			return false;
		k->name = arena_copy(&t->arena, row.key);
		k->line = row.line;
		(void)map_set(&t->by_name, k->name, k);
		*last = k;
		last = &k->next;
	}
	return true;
}

struct keytable *keytable_read(str file, str text, struct fail *why)
{
	struct keytable *t = MEM_NEW(struct keytable);

	arena_init(&t->arena, ARENA_UNLIMITED);
	t->file = arena_copy(&t->arena, file);
	if (read_rows(t, text, why))
		return t;
	keytable_free(t);
	return NULL;
}

void keytable_free(struct keytable *t)
{
	if (!t)
		return;
	map_free(&t->by_name);
	arena_free(&t->arena);
	mem_free(t);
}

str keytable_file(const struct keytable *t)
{
	return t->file;
}

const struct keytable_key *keytable_first(const struct keytable *t)
{
	return t->first;
}

const struct keytable_key *keytable_find(const struct keytable *t, str name)
{
	return map_get(&t->by_name, name);
}

str keytable_path(struct arena *a, const struct keytable_key *k, str domain)
{
	str rest = k->secret, before, path = S("");

	while (str_cut(&rest, '%', &before))
		path = arena_printf(a, "%.*s%.*s%.*s", STR(path), STR(before), STR(domain));
	return arena_printf(a, "%.*s%.*s", STR(path), STR(before));
}
