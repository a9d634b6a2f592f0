#include "world/vault_secrets.h"

#include <openssl/crypto.h>

#include "base/list.h"
#include "base/mem.h"
#include "world/file.h"

struct file {
	struct list link; /* the one that was read last comes last */
	str path;         /* by mem_copy */
	struct srs_key *key;
};

struct vault_secrets {
	struct list files;
	size_t count;
};

struct vault_secrets *vault_secrets_new(void)
{
	struct vault_secrets *v = MEM_NEW(struct vault_secrets);

	list_init(&v->files);
	return v;
}

static void drop(struct vault_secrets *v, struct file *f)
{
	list_remove(&f->link);
	v->count--;
	srs_key_drop(f->key);
	mem_free((char *)(uintptr_t)f->path.p);
	mem_free(f);
}

void vault_secrets_free(struct vault_secrets *v)
{
	LIST_EACH_SAFE (link, &v->files)
		drop(v, AROUND(link, struct file, link));
	mem_free(v);
}

static struct file *find(struct vault_secrets *v, str path)
{
	LIST_EACH (link, &v->files) {
		struct file *f = AROUND(link, struct file, link);

		if (str_eq(f->path, path))
			return f;
	}
	return NULL;
}

static struct srs_key *read_key(str path, struct fail *why)
{
	struct srs_key *key = NULL;
	struct arena a;
	str text;

	arena_init(&a, ARENA_UNLIMITED);
	if (file_read(&a, path, &text, why)) {
		key = srs_key_of(path, text, why);
		OPENSSL_cleanse((char *)(uintptr_t)text.p, text.n);
	}
	arena_free(&a);
	return key;
}

bool vault_secrets_read(struct vault_secrets *v, str path, struct fail *why)
{
	struct srs_key *key = read_key(path, why);
	struct file *f = key ? find(v, path) : NULL;

	if (!key)
		return false;
	if (f)
		drop(v, f);
	if (v->count == VAULT_SECRETS_MAX)
		drop(v, AROUND(list_first(&v->files), struct file, link));
	f = MEM_NEW(struct file);
	f->path = mem_copy(path);
	f->key = key;
	list_append(&v->files, &f->link);
	v->count++;
	return true;
}

bool vault_secrets_mac(
	struct vault_secrets *v, str path, str text, struct srs_macs *to, struct fail *why)
{
	struct file *f = find(v, path);

	if (!f && !vault_secrets_read(v, path, why))
		return false;
	f = f ? f : find(v, path);
	return f->key->mac(f->key, text, to, why);
}
