#include "dns/zone.h"

#include <assert.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/number.h"
#include "dns/name.h"

#define ZONE_CNAMES_MAX 8
#define ZONE_TTL_S 300 /* where the line says none */

struct zone_entry {
	struct zone_entry *next;
	struct dns_record record;
};

struct zone_name {
	enum dns_zone_answer fate;  /* ZONE_FOUND: what the entries say; else always this */
	struct zone_entry *entries; /* in the order of the file */
};

struct dns_zone {
	struct arena arena;
	struct map names; /* to struct zone_name */
};

/* One line of the file, and how far it has been read. */
struct line {
	str text;
	size_t number, at;
	size_t word_at; /* where the last word began */
	struct fail *why;
};

#define WRONG(l, format, ...)                                                         \
	fail_with((l)->why, FAIL_PERMANENT, "5.3.5", "%zu:%zu: " format, (l)->number, \
		(l)->word_at + 1, ##__VA_ARGS__)

static bool ends_word(char c, bool quoted)
{
	return quoted ? c == '"' : c == ' ' || c == '\t' || c == ';' || c == '#' || c == '"';
}

/* The bytes of a word up to its end: \X is X, \DDD the byte of that number (RFC 1035 section
 * 5.1). */
static bool read_word(struct line *l, bool quoted, char *to, size_t *n)
{
	while (l->at < l->text.n && !ends_word(l->text.p[l->at], quoted)) {
		uint64_t byte;
		str rest = str_skip(l->text, l->at + 1);

		if (l->text.p[l->at] != '\\') {
			to[(*n)++] = l->text.p[l->at++];
		} else if (rest.n > 0 && !ascii_digit(rest.p[0])) {
			to[(*n)++] = rest.p[0];
			l->at += 2;
		} else if (rest.n >= 3 && number_parse(str_first(rest, 3), 255, &byte)) {
			to[(*n)++] = (char)byte;
			l->at += 4;
		} else {
			return WRONG(l, "a backslash stands before a character or three digits");
		}
	}
	return true;
}

/* The next word of the line, unquoted.  At the end of the line the word's pointer is null. */
static bool take_word(struct dns_zone *z, struct line *l, str *word)
{
	char *to;
	size_t n = 0;
	bool quoted;

	*word = (str){ 0 };
	while (l->at < l->text.n && (l->text.p[l->at] == ' ' || l->text.p[l->at] == '\t'))
		l->at++;
	l->word_at = l->at;
	if (l->at == l->text.n || l->text.p[l->at] == ';' || l->text.p[l->at] == '#')
		return true;
	to = arena_alloc(&z->arena, l->text.n - l->at + 1);
	assert(to);
	quoted = l->text.p[l->at] == '"';
	l->at += quoted;
	if (!read_word(l, quoted, to, &n))
		return false;
	if (quoted && l->at++ == l->text.n)
		return WRONG(l, "the quote is not closed");
	*word = str_from(to, n);
	return true;
}

static bool take_needed(struct dns_zone *z, struct line *l, const char *what, str *word)
{
	if (!take_word(z, l, word))
		return false;
	return word->p || WRONG(l, "%s is missing", what);
}

/* A name in the form of look-ups: any that can be asked for, in lower case, or what becomes one by
 * IDNA; the root is "." in the file and "" for us. */
static bool take_name(struct dns_zone *z, struct line *l, const char *what, str *name)
{
	char form[DNS_NAME_MAX + 1];
	str word;

	if (!take_needed(z, l, what, &word))
		return false;
	if (str_ends(word, S(".")))
		word = str_first(word, word.n - 1);
	form[0] = '\0';
	if (dns_name_askable(word)) {
		for (size_t i = 0; i < word.n; i++)
			form[i] = ascii_lower(word.p[i]);
		form[word.n] = '\0';
	} else if ((word.n > 0 || l->text.p[l->word_at] != '.') && !dns_name_ascii(word, form)) {
		return WRONG(l, "%s is no valid name", what);
	}
	*name = arena_copy(&z->arena, str_of(form));
	return true;
}

static bool take_text(struct dns_zone *z, struct line *l, str *text)
{
	char *to = arena_alloc(&z->arena, l->text.n + 1);
	size_t n = 0;
	str word;

	assert(to);
	if (!take_needed(z, l, "the text", &word))
		return false;
	while (word.p) {
		memcpy(to + n, word.p, word.n);
		n += word.n;
		if (!take_word(z, l, &word))
			return false;
	}
	*text = str_from(to, n);
	return n <= UINT16_MAX || WRONG(l, "the text is longer than any record can be");
}

static bool take_ip(struct dns_zone *z, struct line *l, uint8_t family, struct ip *ip)
{
	str word;

	if (!take_needed(z, l, "the address", &word))
		return false;
	if (str_has(word, ':') != (family == 6) || !ip_parse(word, ip))
		return WRONG(l, "this is no IPv%d address", family);
	return true;
}

static bool take_data(struct dns_zone *z, struct line *l, struct dns_record *r)
{
	uint64_t preference;
	str word;

	switch (r->type) {
	case DNS_A:
		return take_ip(z, l, 4, &r->ip);
	case DNS_AAAA:
		return take_ip(z, l, 6, &r->ip);
	case DNS_CNAME:
	case DNS_PTR:
		return take_name(z, l, "the target", &r->name);
	case DNS_MX:
		if (!take_needed(z, l, "the preference", &word))
			return false;
		if (!number_parse(word, UINT16_MAX, &preference))
			return WRONG(l, "a preference is a number from 0 to 65535");
		r->preference = (uint16_t)preference;
		return take_name(z, l, "the mail host", &r->name);
	case DNS_TXT:
		return take_text(z, l, &r->text);
	}
	return false;
}

static struct zone_name *name_entry(struct dns_zone *z, str name)
{
	struct zone_name *entry = map_get(&z->names, name);

	if (!entry) {
		entry = ARENA_NEW(&z->arena, struct zone_name);
		assert(entry);
		map_set(&z->names, name, entry);
	}
	return entry;
}

static bool same_data(const struct dns_record *a, const struct dns_record *b)
{
	return a->type == b->type && a->preference == b->preference && ip_eq(&a->ip, &b->ip) &&
	       str_eq(a->name, b->name) && str_eq(a->text, b->text);
}

/* An alias stands alone (RFC 1034 section 3.6.2); a record given twice is there once. */
static bool add_record(
	struct dns_zone *z, struct line *l, struct zone_name *name, const struct dns_record *r)
{
	struct zone_entry **at = &name->entries;

	for (; *at; at = &(*at)->next) {
		if (same_data(&(*at)->record, r))
			return true;
		if ((*at)->record.type == DNS_CNAME || r->type == DNS_CNAME)
			return WRONG(l, "a name with a CNAME has nothing else");
	}
	*at = ARENA_NEW(&z->arena, struct zone_entry);
	assert(*at);
	(*at)->record = *r;
	return true;
}

static bool take_type(struct dns_zone *z, struct line *l, str word, struct dns_record *r)
{
	uint64_t ttl_s;

	if (number_parse(word, INT32_MAX, &ttl_s)) {
		r->ttl_s = (uint32_t)ttl_s;
		if (!take_needed(z, l, "the type", &word))
			return false;
	}
	if (str_eq_nocase(word, S("IN")) && !take_needed(z, l, "the type", &word))
		return false;
	if (!dns_type_parse(word, &r->type))
		return WRONG(l, "\"%.*s\" is none of A AAAA CNAME MX PTR TXT TIMEOUT SERVFAIL",
			STR(str_first(word, 40)));
	return true;
}

static bool read_line(struct dns_zone *z, struct line *l)
{
	struct dns_record r = { .ttl_s = ZONE_TTL_S };
	struct zone_name *entry;
	str name, word;

	if (!take_word(z, l, &word))
		return false;
	if (!word.p)
		return true;
	l->at = 0;
	if (!take_name(z, l, "the name", &name) || !take_needed(z, l, "the type", &word))
		return false;
	entry = name_entry(z, name);
	if (str_eq_nocase(word, S("TIMEOUT"))) {
		entry->fate = ZONE_TIMEOUT;
	} else if (str_eq_nocase(word, S("SERVFAIL"))) {
		entry->fate = ZONE_SERVFAIL;
	} else if (!take_type(z, l, word, &r) || !take_data(z, l, &r) ||
		   !add_record(z, l, entry, &r)) {
		return false;
	}
	if (!take_word(z, l, &word))
		return false;
	return !word.p || WRONG(l, "nothing more is expected here");
}

struct dns_zone *dns_zone_parse(str text, struct fail *why)
{
	struct dns_zone *z = MEM_NEW(struct dns_zone);
	struct line l = { .why = why };

	arena_init(&z->arena, ARENA_UNLIMITED);
	while (text.n > 0) {
		str_cut(&text, '\n', &l.text);
		if (str_ends(l.text, S("\r")))
			l.text.n--;
		l.number++;
		l.at = 0;
		if (!read_line(z, &l)) {
			dns_zone_free(z);
			return NULL;
		}
	}
	return z;
}

void dns_zone_free(struct dns_zone *zone)
{
	if (!zone)
		return;
	map_free(&zone->names);
	arena_free(&zone->arena);
	mem_free(zone);
}

static enum dns_zone_answer collect(
	const struct zone_name *name, enum dns_type type, struct dns_records **records)
{
	struct dns_builder *b = dns_builder_new();

	for (const struct zone_entry *e = name->entries; e; e = e->next) {
		if (e->record.type == type) {
			bool added = dns_builder_add(b, &e->record);

			assert(added); /* its sizes were checked when it was read */
		}
	}
	*records = dns_builder_finish(b);
	if ((*records)->count > 0)
		return ZONE_FOUND;
	dns_records_free(*records);
	*records = NULL;
	return ZONE_NO_DATA;
}

enum dns_zone_answer dns_zone_find(
	const struct dns_zone *zone, str name, enum dns_type type, struct dns_records **records)
{
	char lower[DNS_NAME_MAX];
	const struct zone_name *entry;

	*records = NULL;
	if (name.n > sizeof lower)
		return ZONE_NO_NAME;
	for (size_t i = 0; i < name.n; i++)
		lower[i] = ascii_lower(name.p[i]);
	name = str_from(lower, name.n);
	for (unsigned hops = 0; hops <= ZONE_CNAMES_MAX; hops++) {
		entry = map_get(&zone->names, name);
		if (!entry)
			return ZONE_NO_NAME;
		if (entry->fate != ZONE_FOUND)
			return entry->fate;
		if (type == DNS_CNAME || !entry->entries ||
			entry->entries->record.type != DNS_CNAME)
			return collect(entry, type, records);
		name = entry->entries->record.name;
	}
	return ZONE_SERVFAIL; /* a resolver gives up so, too */
}
