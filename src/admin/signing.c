#include "admin/signing.h"

#include "world/file.h"

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

struct keyring *signing_keyring(const struct conf *c, const struct signing *s, alias_include *read,
	void *owner, struct fail *why)
{
	struct keyring_files files = {
		.keytable = {file_of(c,  0)->path, s->texts[0]},
		.signingtable = { file_of(c, 1)->path, s->texts[1]},
		.patterns = c->sender.sign.patterns,
		.has_hosts = file_of(c, 2)->path.n > 0,
		.hosts = { file_of(c, 2)->path, s->texts[2]},
		.domain_count = c->domain_count,
		.read = read,
		.owner = owner
	};
	struct keyring *k;
	struct arena a;
	str *domains;

	arena_init(&a, ARENA_UNLIMITED);
	domains = arena_alloc(&a, (c->domain_count + 1) * sizeof *domains);
	for (size_t i = 0; i < c->domain_count; i++)
		domains[i] = c->domains[i].name;
	files.domains = domains;
	k = keyring_new(&files, why);
	arena_free(&a);
	return k;
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
	struct signing signing;
	struct keyring *k;

	if (!c->sender.sign.block.on)
		return true;
	if (!load(c, a, folder, &signing, why))
		return false;
	k = signing_keyring(c, &signing, read_key, (void *)(uintptr_t)c, why);
	router_take_keyring(r, k);
	return k != NULL;
}
