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

/* The i-th pair; null behind the last one. */
static const struct conf_pair *pair_at(const struct conf *c, size_t i)
{
	const struct conf_transport *t;

	if (i == 0)
		return &c->tls.pair;
	i--;
	if (i < c->tls.name_count)
		return &c->tls.names[i].pair;
	i -= c->tls.name_count;
	if (i < c->listener_count)
		return &c->listeners[i].pair;
	t = conf_tls_transport(c, i - c->listener_count);
	return t ? &t->peer.pair : NULL;
}

str conf_mention_secret(const struct conf *c, size_t i)
{
	const str others[] = { c->login.passwd_file, c->sender.srs.secrets };
	const struct conf_transport *t;
	const struct conf_pair *pair;

	for (size_t k = 0; (pair = pair_at(c, k)); k++)
		if (pair->key.path.n > 0 && i-- == 0)
			return pair->key.path;
	for (size_t k = 0; (t = conf_tls_transport(c, k)); k++)
		if (t->peer.login.path.n > 0 && i-- == 0)
			return t->peer.login.path;
	for (size_t k = 0; k < LENGTH(others); k++)
		if (others[k].n > 0 && i-- == 0)
			return others[k];
	return S("");
}

static bool is_secret(const struct conf *c, str path)
{
	str secret;

	for (size_t i = 0; (secret = conf_mention_secret(c, i)).n > 0; i++)
		if (str_eq(secret, path))
			return true;
	return false;
}

static bool is_certificate(const struct conf *c, str path)
{
	const struct conf_transport *t;
	const struct conf_pair *pair;

	for (size_t i = 0; (pair = pair_at(c, i)); i++)
		if (str_eq(pair->certificate.path, path))
			return true;
	for (size_t i = 0; (t = conf_tls_transport(c, i)); i++)
		if (str_eq(t->peer.trust.path, path))
			return true;
	return str_eq(c->relay_for_certificate.trust.path, path);
}

enum conf_mention conf_mention_file(const struct conf *c, str path)
{
	struct arena a;
	bool found;

	if (path.n == 0)
		return CONF_MENTION_NONE;
	if (is_secret(c, path))
		return CONF_MENTION_SECRET;
	if (is_certificate(c, path))
		return CONF_MENTION_CERTIFICATE;
	arena_init(&a, ARENA_UNLIMITED);
	found = mention(&c->directives, &a, c->dir, path);
	arena_free(&a);
	return found ? CONF_MENTION_FILE : CONF_MENTION_NONE;
}
