#include "admin/signing.h"

#include "admin/signing_vault.h"
#include "base/map.h"
#include "base/mem.h"
#include "world/file.h"
#include "world/vault.h"

static const str names[SIGNING_FILES] = {
	STR_INIT("sign:keytable"),
	STR_INIT("sign:signingtable"),
	STR_INIT("sign:hosts"),
};

static const struct conf_sign_file *file_of(const struct conf *c, size_t i)
{
	const struct conf_sign *sign = &c->sender.sign;
	const struct conf_sign_file *files[SIGNING_FILES] = { &sign->keytable, &sign->signingtable,
		&sign->hosts };

	return files[i];
}

bool signing_read(const struct conf *c, struct arena *a, alias_include *read, void *owner,
	struct signing *s, const struct conf_origin **at, struct fail *why)
{
	*s = (struct signing){ 0 };
	for (size_t i = 0; i < SIGNING_FILES; i++) {
		const struct conf_sign_file *file = file_of(c, i);

		*at = &file->origin;
		if (file->path.n > 0 && !read(owner, a, file->path, &s->texts[i], why))
			return false;
	}
	return true;
}

/* files: how to come by the keys. */
static struct keyring *make_keyring(
	const struct conf *c, const struct signing *s, struct keyring_files files, struct fail *why)
{
	struct keyring *k;
	struct arena a;
	str *domains;

	arena_init(&a, ARENA_UNLIMITED);
	domains = arena_alloc(&a, (c->domain_count + 1) * sizeof *domains);
	for (size_t i = 0; i < c->domain_count; i++)
		domains[i] = c->domains[i].name;
	files.domains = domains;
	files.domain_count = c->domain_count;
	files.keytable = (struct keyring_text){ file_of(c, 0)->path, s->texts[0] };
	files.signingtable = (struct keyring_text){ file_of(c, 1)->path, s->texts[1] };
	files.patterns = c->sender.sign.patterns;
	files.has_hosts = file_of(c, 2)->path.n > 0;
	files.hosts = (struct keyring_text){ file_of(c, 2)->path, s->texts[2] };
	k = keyring_new(&files, why);
	arena_free(&a);
	return k;
}

struct keyring *signing_keyring(const struct conf *c, const struct signing *s, alias_include *read,
	void *owner, struct fail *why)
{
	struct keyring_files files = { .read = read, .owner = owner };

	return make_keyring(c, s, files, why);
}

bool signing_write(const struct conf *c, const struct signing *s, str folder, struct fail *why)
{
	struct arena a;
	bool ok = true;

	arena_init(&a, ARENA_UNLIMITED);
	for (size_t i = 0; ok && i < SIGNING_FILES; i++)
		ok = file_of(c, i)->path.n == 0 ||
		     file_replace(file_path(&a, folder, names[i]), s->texts[i], 0644, why);
	arena_free(&a);
	return ok;
}

static bool load(
	const struct conf *c, struct arena *a, str folder, struct signing *s, struct fail *why)
{
	*s = (struct signing){ 0 };
	for (size_t i = 0; i < SIGNING_FILES; i++)
		if (file_of(c, i)->path.n > 0 &&
			!file_read(a, file_path(a, folder, names[i]), &s->texts[i], why))
			return false;
	return true;
}

static bool read_key(void *owner, struct arena *a, str path, str *text, struct fail *why)
{
	const struct conf *c = owner;

	return file_read(a, file_path(a, c->dir, path), text, why);
}

bool signing_open(struct arena *a, str folder, struct router *r, struct fail *why)
{
	const struct conf *c = router_conf(r);
	struct keyring_files files = { .read = read_key, .owner = (void *)(uintptr_t)c };
	struct signing signing;
	struct keyring *k;

	if (!c->sender.sign.block.on)
		return true;
	if (!load(c, a, folder, &signing, why))
		return false;
	if (vault_is_there()) {
		files.hold = signing_vault_hold;
		files.release = signing_vault_release;
	}
	k = make_keyring(c, &signing, files, why);
	router_take_keyring(r, k);
	return k != NULL;
}

/* --- who may be asked to open them --------------------------------------------------------------
 */

struct signing_paths {
	struct arena arena;
	struct map all; /* by path; the values are the set itself */
};

static void add_paths(struct signing_paths *p, const struct conf *c, const struct keytable_key *key)
{
	bool each = str_has(key->secret, '%');
	size_t count = each ? c->domain_count : 1;

	for (size_t i = 0; i < count; i++) {
		str path = keytable_path(&p->arena, key, each ? c->domains[i].name : key->domain);

		map_set(&p->all, file_path(&p->arena, c->dir, path), p);
	}
}

static bool read_paths(struct signing_paths *p, const struct conf *c, struct fail *why)
{
	str folder = arena_printf(
		&p->arena, "%.*s/generations/%u", STR(c->dir), (unsigned)c->generation);
	struct keytable *keys;
	str text;

	if (!file_read(&p->arena, file_path(&p->arena, folder, names[0]), &text, why))
		return false;
	keys = keytable_read(file_of(c, 0)->path, text, why);
	if (!keys)
		return false;
	for (const struct keytable_key *key = keytable_first(keys); key; key = key->next)
		if (key->is_path)
			add_paths(p, c, key);
	keytable_free(keys);
	return true;
}

struct signing_paths *signing_paths_new(const struct conf *c, struct fail *why)
{
	struct signing_paths *p = MEM_NEW(struct signing_paths);

	arena_init(&p->arena, ARENA_UNLIMITED);
	if (!c->sender.sign.block.on || read_paths(p, c, why))
		return p;
	signing_paths_free(p);
	return NULL;
}

void signing_paths_free(struct signing_paths *p)
{
	if (!p)
		return;
	map_free(&p->all);
	arena_free(&p->arena);
	mem_free(p);
}

bool signing_paths_have(const struct signing_paths *p, str path)
{
	return map_get(&p->all, path) != NULL;
}
