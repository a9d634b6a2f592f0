#include "sender/keyring.h"

#include <stdio.h>

#include "base/map.h"
#include "base/mem.h"
#include "sender/dkim_secret.h"
#include "sender/hostlist.h"

#define DEFAULT_HOSTS "localhost\n127.0.0.1\n::1\n" /* InternalHosts of opendkim.conf(5) */

/* One of both. */
struct secret {
	struct secret *next;
	struct dkim_secret *secret; /* in our memory */
	struct dkim_signer *held;   /* in somebody else's */
};

struct watched {
	struct keyring_key key;
	const struct keytable_key *row;
	unsigned shown; /* enum keyring_shown; atomic */
};

struct keyring {
	int references; /* atomic */
	struct arena arena;
	struct keytable *keys;
	struct signtable *rows;
	struct hostlist *hosts;
	bool default_hosts;
	struct map by_place;    /* path or name of the key: struct secret */
	struct secret *secrets; /* all of them */
	struct watched *watched;
	size_t watched_count;
	void (*release)(struct dkim_signer *s);
};

/* A key that is no file is known by its name. */
static str place_of(struct arena *a, const struct keytable_key *key, str domain)
{
	return key->is_path ? keytable_path(a, key, domain)
			    : arena_printf(a, "=%.*s", STR(key->name));
}

static void add_secret(
	struct keyring *k, str place, struct dkim_secret *secret, struct dkim_signer *held)
{
	struct secret *s = ARENA_NEW(&k->arena, struct secret);

	s->secret = secret;
	s->held = held;
	s->next = k->secrets;
	k->secrets = s;
	map_set(&k->by_place, place, s);
}

static bool blame(const struct keyring *k, const struct keytable_key *key, struct fail *why)
{
	char text[FAIL_TEXT_MAX];

	if (!why)
		return false;
	str_to_c(str_of(why->text), text, sizeof text);
	return fail_with(why, FAIL_PERMANENT, "5.3.5", "%.*s:%u:1: key '%.*s': %s",
		STR(keytable_file(k->keys)), key->line, STR(key->name), text);
}

static bool hold_secret(struct keyring *k, const struct keyring_files *files,
	const struct keytable_key *key, str place, struct fail *why)
{
	struct dkim_signer *held = files->hold(files->owner, place, why);

	if (!held)
		return blame(k, key, why);
	add_secret(k, place, NULL, held);
	return true;
}

static bool read_secret(struct keyring *k, const struct keyring_files *files,
	const struct keytable_key *key, str place, struct fail *why)
{
	struct dkim_secret *secret;
	struct arena step;
	str text = key->secret;

	if (map_get(&k->by_place, place))
		return true;
	if (key->is_path && files->hold)
		return hold_secret(k, files, key, place, why);
	arena_init(&step, ARENA_UNLIMITED);
	if (key->is_path && !files->read(files->owner, &step, place, &text, why)) {
		arena_free(&step);
		return blame(k, key, why);
	}
	secret = dkim_secret_read(text, why);
	arena_free(&step);
	if (!secret)
		return blame(k, key, why);
	add_secret(k, place, secret, NULL);
	return true;
}

static bool read_secrets(struct keyring *k, const struct keyring_files *files, struct fail *why)
{
	for (const struct keytable_key *key = keytable_first(k->keys); key; key = key->next) {
		bool each = key->is_path && str_has(key->secret, '%');

		if (!each && !read_secret(k, files, key, place_of(&k->arena, key, S("")), why))
			return false;
		for (size_t i = 0; each && i < files->domain_count; i++) {
			str place = place_of(&k->arena, key, files->domains[i]);

			(void)!read_secret(k, files, key, place, NULL); /* not each has one */
		}
	}
	return true;
}

static const struct dkim_signer *signer_of(const struct secret *s)
{
	return s->held ? s->held : dkim_secret_signer(s->secret);
}

/* The keys whose records can be looked up. */
static void watch(struct keyring *k)
{
	static const uint8_t digest[DKIM_FIELD_DIGEST];
	struct fail unused;
	size_t count = 0;

	for (const struct keytable_key *row = keytable_first(k->keys); row; row = row->next)
		count++;
	k->watched = arena_alloc(&k->arena, (count + 1) * sizeof *k->watched);
	for (const struct keytable_key *row = keytable_first(k->keys); row; row = row->next) {
		struct watched *w = &k->watched[k->watched_count];
		const struct secret *s =
			str_eq(row->domain, S("%"))
				? NULL
				: map_get(&k->by_place, place_of(&k->arena, row, row->domain));

		if (!s)
			continue;
		*w = (struct watched){
			.row = row,
			.shown = KEYRING_UNKNOWN,
			.key = {.domain = row->domain,
				.selector = row->selector,
				.record = arena_printf(&k->arena, "%.*s._domainkey.%.*s",
                                STR(row->selector), STR(row->domain)),
				.signer = signer_of(s)}
		};
		if (!w->key.signer->sign || !w->key.signer->sign(w->key.signer->owner, digest,
						    w->key.proof, &w->key.proof_n, &unused))
			w->key.proof_n = 0;
		k->watched_count++;
	}
}

static bool read_files(struct keyring *k, const struct keyring_files *f, struct fail *why)
{
	k->keys = keytable_read(f->keytable.name, f->keytable.text, why);
	if (!k->keys)
		return false;
	k->rows = signtable_read(
		f->signingtable.name, f->signingtable.text, f->patterns, k->keys, why);
	if (!k->rows)
		return false;
	k->default_hosts = !f->has_hosts;
	k->hosts = f->has_hosts ? hostlist_read(f->hosts.name, f->hosts.text, why)
				: hostlist_read(S("default"), S(DEFAULT_HOSTS), why);
	return k->hosts && read_secrets(k, f, why);
}

struct keyring *keyring_new(const struct keyring_files *files, struct fail *why)
{
	struct keyring *k = MEM_NEW(struct keyring);

	k->references = 1;
	k->release = files->release;
	arena_init(&k->arena, ARENA_UNLIMITED);
	if (read_files(k, files, why)) {
		watch(k);
		return k;
	}
	keyring_drop(k);
	return NULL;
}

struct keyring *keyring_keep(struct keyring *k)
{
	if (k)
		__atomic_add_fetch(&k->references, 1, __ATOMIC_RELAXED);
	return k;
}

void keyring_drop(struct keyring *k)
{
	if (!k || __atomic_sub_fetch(&k->references, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	for (struct secret *s = k->secrets; s; s = s->next) {
		dkim_secret_free(s->secret);
		if (s->held)
			k->release(s->held);
	}
	map_free(&k->by_place);
	hostlist_free(k->hosts);
	signtable_free(k->rows);
	keytable_free(k->keys);
	arena_free(&k->arena);
	mem_free(k);
}

bool keyring_host(const struct keyring *k, const struct ip *client, str name, unsigned *line)
{
	bool ours = hostlist_has(k->hosts, client, name, line);

	if (k->default_hosts)
		*line = 0;
	return ours;
}

size_t keyring_count(const struct keyring *k)
{
	return k->watched_count;
}

const struct keyring_key *keyring_at(const struct keyring *k, size_t i)
{
	return &k->watched[i].key;
}

enum keyring_shown keyring_shown(const struct keyring *k, size_t i)
{
	return __atomic_load_n(&k->watched[i].shown, __ATOMIC_RELAXED);
}

void keyring_show(struct keyring *k, size_t i, enum keyring_shown shown)
{
	__atomic_store_n(&k->watched[i].shown, (unsigned)shown, __ATOMIC_RELAXED);
}

static enum keyring_shown shown_of(const struct keyring *k, const struct keytable_key *row)
{
	for (size_t i = 0; i < k->watched_count; i++)
		if (k->watched[i].row == row)
			return keyring_shown(k, i);
	return KEYRING_UNKNOWN; /* its domain is the sender's */
}

static bool same_domain(const struct keyring_match *m, size_t a, size_t b)
{
	return str_eq(m->keys[a].domain, m->keys[b].domain);
}

static bool same_kind(const struct keyring_match *m, size_t a, size_t b)
{
	return same_domain(m, a, b) && m->keys[a].signer->algorithm == m->keys[b].signer->algorithm;
}

/* Whether nobody has looked, or there was nothing, makes no difference: another key is better
 * known. */
static unsigned rank(enum keyring_shown shown)
{
	return shown == KEYRING_UNKNOWN ? KEYRING_MISSING : shown;
}

/* Of its domain and kind: is another one to be preferred?  Of those that have been there for long
 * the first one, of others the last, which is the oldest: nobody may have to wait for its record.
 */
static bool is_beaten(const struct keyring_match *m, const enum keyring_shown *shown, size_t i)
{
	bool there = shown[i] == KEYRING_SHOWN;

	for (size_t k = 0; k < m->count; k++) {
		if (k == i || !same_kind(m, i, k))
			continue;
		if (rank(shown[k]) > rank(shown[i]))
			return true;
		if (rank(shown[k]) == rank(shown[i]) && (there ? k < i : k > i))
			return true;
	}
	return false;
}

/* Is its record missing, while a key of another kind has one? */
static bool is_spare(const struct keyring_match *m, const enum keyring_shown *shown, size_t i)
{
	if (shown[i] != KEYRING_MISSING)
		return false;
	for (size_t k = 0; k < m->count; k++)
		if (same_domain(m, i, k) && shown[k] >= KEYRING_SETTLES)
			return true;
	return false;
}

static void choose(const struct keyring *k, bool all, struct keyring_match *m)
{
	enum keyring_shown shown[SIGNTABLE_MATCHES_MAX];
	bool signs[SIGNTABLE_MATCHES_MAX];
	size_t count = 0;

	for (size_t i = 0; i < m->count; i++)
		shown[i] = shown_of(k, m->rows[i].key);
	for (size_t i = 0; i < m->count; i++)
		signs[i] = !is_beaten(m, shown, i) && !is_spare(m, shown, i);
	for (size_t i = 0; i < m->count && (all || count == 0); i++) {
		if (!signs[i] || (!all && !same_domain(m, 0, i)))
			continue;
		if (count != i) {
			m->rows[count] = m->rows[i];
			m->keys[count] = m->keys[i];
			m->keys[count].domain = str_of(m->rows[count].domain);
			m->keys[count].identity = str_of(m->rows[count].identity);
		}
		count++;
	}
	m->count = count;
}

void keyring_find(const struct keyring *k, str author, bool all, struct keyring_match *match)
{
	size_t found = signtable_find(k->rows, author, true, match->rows);
	struct arena step;

	match->count = 0;
	arena_init(&step, ARENA_UNLIMITED);
	for (size_t i = 0; i < found; i++) {
		struct signtable_match *row = &match->rows[match->count];
		const struct secret *s;

		if (match->count != i)
			*row = match->rows[i];
		s = map_get(&k->by_place, place_of(&step, row->key, str_of(row->sender)));
		if (s)
			match->keys[match->count++] =
				(struct dkim_sign_key){ .domain = str_of(row->domain),
					.selector = row->key->selector,
					.identity = str_of(row->identity),
					.signer = signer_of(s) };
		else if (!all)
			break; /* the row that decides has no key for this domain */
	}
	arena_free(&step);
	choose(k, all, match);
}

bool keyring_key(const struct keyring *k, str name, struct dkim_sign_key *key)
{
	const struct keytable_key *row = keytable_find(k->keys, name);
	const struct secret *s;
	struct arena step;

	if (!row || str_eq(row->domain, S("%")))
		return false;
	arena_init(&step, ARENA_UNLIMITED);
	s = map_get(&k->by_place, place_of(&step, row, row->domain));
	arena_free(&step);
	if (!s)
		return false;
	*key = (struct dkim_sign_key){
		.domain = row->domain, .selector = row->selector, .signer = signer_of(s)
	};
	return true;
}

char *keyring_origin(const struct keyring *k, unsigned line, char to[KEYRING_ORIGIN_MAX])
{
	snprintf(to, KEYRING_ORIGIN_MAX, "%.*s:%u", STR(signtable_file(k->rows)), line);
	return to;
}
