#include "sender/signtable.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "dns/name.h"
#include "mail/address.h"
#include "sender/dataset.h"

struct row {
	struct row *next; /* in the order of the file */
	struct row *same; /* with the same pattern, in that order, too */
	str pattern, key, signer;
	unsigned line;
};

struct signtable {
	struct arena arena;
	str file;
	bool patterns;
	const struct keytable *keys;
	struct map by_pattern; /* of a plain table */
	struct row *first;
};

/* What is asked for, and what was found. */
struct question {
	const struct signtable *table;
	str local, domain;
	bool all;
	struct signtable_match *matches;
	size_t count;
};

/* --- reading -----------------------------------------------------------------------------------
 */

/* In lower case, its domain in ASCII form where it is one. */
static str fold(struct arena *a, str pattern)
{
	char ascii[DNS_NAME_MAX + 1];
	str domain = address_domain(pattern), local = address_local(pattern);
	struct buf lower = { 0 };
	str folded;

	if (!str_has(pattern, '@'))
		domain = pattern;
	if (dns_name_ascii(domain, ascii))
		pattern = str_has(pattern, '@') ? arena_printf(a, "%.*s@%s", STR(local), ascii)
						: arena_copy(a, str_of(ascii));
	for (size_t i = 0; i < pattern.n; i++)
		buf_put_char(&lower, ascii_lower(pattern.p[i]));
	folded = arena_copy(a, buf_str(&lower));
	buf_free(&lower);
	return folded;
}

static bool read_row(struct signtable *t, const struct dataset *d, const struct dataset_row *from,
	struct row *r, struct fail *why)
{
	str signer = from->value, key;

	str_cut(&signer, ':', &key);
	if (key.n == 0 || str_has(signer, ':') || str_has(key, ' ') || str_has(key, '\t'))
		return dataset_wrong(d, from->column, why, "KEYNAME[:SIGNER] is expected here");
	if (!str_eq(key, S("%")) && !keytable_find(t->keys, key))
		return dataset_wrong(d, from->column, why, "there is no key '%.*s' in %.*s",
			STR(key), STR(keytable_file(t->keys)));
	if (signer.n > 0 && !str_has(signer, '@'))
		return dataset_wrong(d, from->column + (unsigned)key.n + 1, why,
			"'%.*s' is no signer, such as @example.org", STR(signer));
	r->pattern = fold(&t->arena, from->key);
	r->key = arena_copy(&t->arena, key);
	r->signer = arena_copy(&t->arena, signer);
	r->line = from->line;
	return true;
}

static void add(struct signtable *t, struct row *r)
{
	struct row *same = map_get(&t->by_pattern, r->pattern);

	while (same && same->same)
		same = same->same;
	if (same)
		same->same = r;
	else
		(void)map_set(&t->by_pattern, r->pattern, r);
}

static bool read_rows(struct signtable *t, str text, struct fail *why)
{
	struct dataset d = { .file = t->file, .rest = text };
	struct row **last = &t->first;
	struct dataset_row from;

	while (dataset_next(&d, &from)) {
		struct row *r = ARENA_NEW(&t->arena, struct row);

		if (!read_row(t, &d, &from, r, why))
			return false;
		add(t, r);
		*last = r;
		last = &r->next;
	}
	return true;
}

struct signtable *signtable_read(
	str file, str text, bool patterns, const struct keytable *keys, struct fail *why)
{
	struct signtable *t = MEM_NEW(struct signtable);

	arena_init(&t->arena, ARENA_UNLIMITED);
	t->file = arena_copy(&t->arena, file);
	t->patterns = patterns;
	t->keys = keys;
	if (read_rows(t, text, why))
		return t;
	signtable_free(t);
	return NULL;
}

void signtable_free(struct signtable *t)
{
	if (!t)
		return;
	map_free(&t->by_pattern);
	arena_free(&t->arena);
	mem_free(t);
}

str signtable_file(const struct signtable *t)
{
	return t->file;
}

/* --- asking ------------------------------------------------------------------------------------
 */

/* Does the text match a pattern whose only wildcard is "*"?  When a "*" has taken too little, it
 * takes one more: only the last one ever has to. */
static bool matches(str pattern, str text)
{
	size_t p = 0, i = 0, star = SIZE_MAX, from = 0;

	while (i < text.n) {
		if (p < pattern.n && pattern.p[p] == '*') {
			star = p++;
			from = i;
		} else if (p < pattern.n && pattern.p[p] == text.p[i]) {
			p++;
			i++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			i = ++from;
		} else {
			return false;
		}
	}
	while (p < pattern.n && pattern.p[p] == '*')
		p++;
	return p == pattern.n;
}

/* i=, unless it is not in the domain that signs. */
static void set_identity(struct signtable_match *m, str signer, str sender)
{
	struct buf text = { .limit_octets = sizeof m->identity - 1 };
	char ascii[DNS_NAME_MAX + 1];
	str rest = signer, before;
	bool ok = signer.n > 0;

	while (ok && str_cut(&rest, '%', &before))
		ok = buf_add(&text, before) && buf_add(&text, sender);
	ok = ok && buf_add(&text, before) &&
	     dns_name_ascii(address_domain(buf_str(&text)), ascii) &&
	     dns_name_below(str_of(ascii), str_of(m->domain));
	str_to_c(ok ? buf_str(&text) : S(""), m->identity, sizeof m->identity);
	buf_free(&text);
}

static bool has_key(const struct question *q, const struct keytable_key *key)
{
	for (size_t i = 0; i < q->count; i++)
		if (q->matches[i].key == key)
			return true;
	return false;
}

static bool enough(const struct question *q)
{
	return q->count == (q->all ? SIGNTABLE_MATCHES_MAX : 1);
}

static void take(struct question *q, const struct row *r)
{
	struct signtable_match *m;
	const struct keytable_key *key;

	key = keytable_find(q->table->keys, str_eq(r->key, S("%")) ? q->domain : r->key);
	if (!key || enough(q) || has_key(q, key))
		return;
	m = &q->matches[q->count++];
	m->key = key;
	m->line = r->line;
	str_to_c(q->domain, m->sender, sizeof m->sender);
	str_to_c(
		str_eq(key->domain, S("%")) ? q->domain : key->domain, m->domain, sizeof m->domain);
	set_identity(m, r->signer, q->domain);
}

static void ask(struct question *q, str local, str between, str domain)
{
	struct buf text = { 0 };
	const struct row *r;

	buf_put(&text, local);
	buf_put(&text, between);
	buf_put(&text, domain);
	for (r = map_get(&q->table->by_pattern, buf_str(&text)); r; r = r->same)
		take(q, r);
	buf_free(&text);
}

static void ask_above(struct question *q, str local, str between)
{
	str above = q->domain, label;

	while (str_cut(&above, '.', &label))
		ask(q, local, between, above);
}

static void ask_plain(struct question *q)
{
	ask(q, q->local, S("@"), q->domain);
	ask(q, S(""), S(""), q->domain);
	ask_above(q, q->local, S("@."));
	ask_above(q, S(""), S("."));
	ask(q, q->local, S("@*"), S(""));
	ask(q, S(""), S("*"), S(""));
}

size_t signtable_find(const struct signtable *t, str address, bool all,
	struct signtable_match matches_to[SIGNTABLE_MATCHES_MAX])
{
	struct question q = { .table = t, .all = all, .matches = matches_to };
	char room[ADDRESS_KEY_MAX];
	str key;

	if (!address_key(address, room, &key))
		return 0;
	q.domain = address_domain(key);
	q.local = address_local(key);
	if (q.domain.n == 0 || q.domain.n > DNS_NAME_MAX)
		return 0;
	if (!t->patterns)
		ask_plain(&q);
	for (const struct row *r = t->first; t->patterns && r && !enough(&q); r = r->next)
		if (matches(r->pattern, key))
			take(&q, r);
	return q.count;
}
