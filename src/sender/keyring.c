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

struct keyring {
	int references; /* atomic */
	struct arena arena;
	struct keytable *keys;
	struct signtable *rows;
	struct hostlist *hosts;
	bool default_hosts;
	struct map by_place;    /* path or name of the key: struct secret */
	struct secret *secrets; /* all of them */
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
	if (read_files(k, files, why))
		return k;
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

void keyring_find(const struct keyring *k, str author, bool all, struct keyring_match *match)
{
	size_t found = signtable_find(k->rows, author, all, match->rows);
	struct arena step;

	match->count = 0;
	arena_init(&step, ARENA_UNLIMITED);
	for (size_t i = 0; i < found; i++) {
		const struct signtable_match *row = &match->rows[i];
		str place = place_of(&step, row->key, str_of(row->sender));
		const struct secret *s = map_get(&k->by_place, place);

		if (!s)
			continue;
		match->keys[match->count++] = (struct dkim_sign_key){ .domain = str_of(row->domain),
			.selector = row->key->selector,
			.identity = str_of(row->identity),
			.signer = s->held ? s->held : dkim_secret_signer(s->secret) };
	}
	arena_free(&step);
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
	*key = (struct dkim_sign_key){ .domain = row->domain,
		.selector = row->selector,
		.signer = s->held ? s->held : dkim_secret_signer(s->secret) };
	return true;
}

char *keyring_origin(const struct keyring *k, unsigned line, char to[KEYRING_ORIGIN_MAX])
{
	snprintf(to, KEYRING_ORIGIN_MAX, "%.*s:%u", STR(signtable_file(k->rows)), line);
	return to;
}
