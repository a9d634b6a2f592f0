#include "conf/tls_block.h"

#include "conf/block.h"
#include "conf/list.h"
#include "conf/value.h"
#include "world/file.h"

bool conf_tls_block_file(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	static const char takes[] = "a file";
	const struct conf_word *word = conf_value_one(b, d, takes);
	struct conf_file *file = field;

	(void)row;
	if (!word)
		return false;
	if (word->text.n == 0)
		return conf_value_wrong(b, d, word, takes);
	*file = (struct conf_file){ file_path(b->arena, b->conf->dir, word->text), word->origin };
	return true;
}

/* A certificate is nothing without its key. */
static bool check_pair(struct conf_builder *b, const struct conf_pair *pair)
{
	const struct conf_file *only = pair->certificate.path.n ? &pair->certificate : &pair->key;

	if ((pair->certificate.path.n > 0) == (pair->key.path.n > 0))
		return true;
	return conf_builder_error(b, &only->origin, "there is a %s, but no %s beside it",
		only == &pair->key ? "key" : "certificate",
		only == &pair->key ? "certificate" : "key");
}

static bool read_names(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, struct conf_tls *tls)
{
	struct conf_tls_name name = { 0 };
	bool ok = conf_block_whole(b, CONF_IN_TLS_NAME, d, &name) && check_pair(b, &name.pair);

	if (ok && name.pair.key.path.n == 0)
		return conf_builder_error(b, &d->words[0].origin,
			"'tls %.*s' has no certificate and no key", STR(d->words[1].text));
	for (size_t i = 1; ok && i < d->word_count; i++) {
		const struct conf_word *word = &d->words[i];

		if (!conf_value_domain(b->arena, word->text, &name.name))
			return conf_value_wrong(
				b, d, word, "names of hosts or .names above them, and a block");
		ok = conf_builder_claim(b, row->word.p, name.name, word);
		if (ok)
			CONF_LIST_ADD(b->arena, tls->names, tls->name_count, name);
	}
	return ok;
}

bool conf_tls_block(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	if (d->has_block && d->word_count > 1)
		return read_names(b, row, d, field);
	return conf_block_section(b, row, d, field);
}

bool conf_tls_block_listener(struct conf_builder *b, const struct conf_listener *l)
{
	const struct conf_file *file = &l->pair.certificate;

	if (l->tls == CONF_LISTENER_OFF && file->path.n > 0)
		return conf_builder_error(b, &file->origin,
			"'certificate' means nothing to a listener with 'tls off'");
	return check_pair(b, &l->pair);
}

void conf_tls_block_check(struct conf_builder *b)
{
	const struct conf *c = b->conf;

	(void)!check_pair(b, &c->tls.pair); /* reported */
	for (size_t i = 0; i < c->listener_count; i++) {
		const struct conf_listener *l = &c->listeners[i];

		if (l->tls != CONF_LISTENER_OFF && l->pair.key.path.n == 0 &&
			c->tls.pair.certificate.path.n + c->tls.pair.key.path.n == 0)
			conf_builder_error(b, &l->origin,
				"'listen %.*s' has TLS, and there is no certificate: 'tls { "
				"certificate FILE; key FILE }' names one, 'tls off' opens it in "
				"clear",
				STR(l->name));
	}
}
