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
