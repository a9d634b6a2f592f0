#include "conf/mention.h"

#include "world/file.h"

static bool mention(const struct conf_directives *all, struct arena *a, str dir, str path)
{
	for (size_t i = 0; i < all->count; i++) {
		const struct conf_directive *d = &all->items[i];

		for (size_t k = 1; k < d->word_count; k++)
			if (str_eq(file_path(a, dir, d->words[k].text), path))
				return true;
		if (d->has_block && mention(&d->block, a, dir, path))
			return true;
	}
	return false;
}

bool conf_mention_file(const struct conf *c, str path)
{
	struct arena a;
	bool found;

	arena_init(&a, ARENA_UNLIMITED);
	found = mention(&c->directives, &a, c->dir, path);
	arena_free(&a);
	return found;
}

static bool in_pair(const struct conf_pair *pair, str path)
{
	return str_eq(pair->certificate.path, path) || str_eq(pair->key.path, path);
}

bool conf_mention_certificate(const struct conf *c, str path)
{
	bool found = in_pair(&c->tls.pair, path);

	if (path.n == 0) /* what is not given */
		return false;

	for (size_t i = 0; i < c->tls.name_count; i++)
		found = found || in_pair(&c->tls.names[i].pair, path);
	for (size_t i = 0; i < c->listener_count; i++)
		found = found || in_pair(&c->listeners[i].pair, path);
	return found;
}
