#include "conf/tls_block.h"

#include "login/sasl.h"

#include "base/ascii.h"
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

/* Two digits and a colon, or none, and so on. */
static bool parse_digest(str text, struct conf_digest *to)
{
	for (size_t i = 0; i < CONF_DIGEST_OCTETS; i++) {
		int high = text.n > 0 ? ascii_hex(text.p[0]) : -1;
		int low = text.n > 1 ? ascii_hex(text.p[1]) : -1;

		if (high < 0 || low < 0)
			return false;
		to->octets[i] = (unsigned char)(high << 4 | low);
		text = str_skip(text, 2);
		if (text.n > 1 && text.p[0] == ':')
			text = str_skip(text, 1);
	}
	return text.n == 0;
}

bool conf_tls_block_digests(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	static const char takes[] = "SHA-256 digests of 64 hexadecimal digits";
	struct conf_tls_peer *peer = field;

	(void)row;
	if (!conf_value_words(b, d, SIZE_MAX, takes))
		return false;
	for (size_t i = 1; i < d->word_count; i++) {
		struct conf_digest digest;

		if (!parse_digest(d->words[i].text, &digest))
			return conf_value_wrong(b, d, &d->words[i], takes);
		CONF_LIST_ADD(b->arena, peer->digests, peer->digest_count, digest);
	}
	return true;
}

bool conf_tls_block_names(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	static const char takes[] =
		"names such as mx.example.org or .example.org, hostname, nexthop "
		"or dot-nexthop";
	struct conf_tls_peer *peer = field;

	(void)row;
	if (!conf_value_words(b, d, SIZE_MAX, takes))
		return false;
	if (peer->name_count + d->word_count - 1 > CONF_TLS_NAMES_MAX)
		return conf_builder_error(b, &d->words[0].origin, "'match' takes at most %d names",
			CONF_TLS_NAMES_MAX);
	for (size_t i = 1; i < d->word_count; i++) {
		str name;

		if (!conf_value_domain(b->arena, d->words[i].text, &name))
			return conf_value_wrong(b, d, &d->words[i], takes);
		CONF_LIST_ADD(b->arena, peer->names, peer->name_count, name);
	}
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

static bool find_mechanism(str name, unsigned *bit)
{
	static const struct {
		str name;
		unsigned bit;
	} all[] = {
		{STR_INIT("plain"),               SASL_PLAIN     },
		{ STR_INIT("login"),              SASL_LOGIN     },
		{ STR_INIT("scram-sha-256"),      SASL_SCRAM     },
		{ STR_INIT("scram-sha-256-plus"), SASL_SCRAM_PLUS},
	};

	for (size_t i = 0; i < LENGTH(all); i++)
		if (str_eq_nocase(name, all[i].name)) {
			*bit = all[i].bit;
			return true;
		}
	return false;
}

bool conf_tls_block_mechanisms(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	static const char takes[] = "mechanisms: plain, login, scram-sha-256 or scram-sha-256-plus";
	unsigned *mechanisms = field, bit;

	(void)row;
	if (!conf_value_words(b, d, SIZE_MAX, takes))
		return false;
	for (size_t i = 1; i < d->word_count; i++) {
		if (!find_mechanism(d->words[i].text, &bit))
			return conf_value_wrong(b, d, &d->words[i], takes);
		*mechanisms |= bit;
	}
	return true;
}

static const struct conf_origin *place(struct conf_builder *b, const char *word)
{
	return conf_schema_seen(b, conf_schema_find(CONF_IN_TRANSPORT, str_of(word)));
}

/* A word that the level would not look at is a rule that never applies. */
static bool check_word(struct conf_builder *b, const struct conf_transport *t, const char *word,
	enum conf_tls_level least, enum conf_tls_level most)
{
	static const char *const levels[] = { "none", "may", "encrypt", "fingerprint", "verify",
		"secure" };

	if (place(b, word)->line == 0 || (t->tls >= least && t->tls <= most))
		return true;
	return conf_builder_error(
		b, place(b, word), "'%s' means nothing to 'tls %s'", word, levels[t->tls]);
}

bool conf_tls_block_transport(struct conf_builder *b, const struct conf_transport *t)
{
	bool ok = check_word(b, t, "fingerprint", CONF_TLS_FINGERPRINT, CONF_TLS_FINGERPRINT) &&
		  check_word(b, t, "trust", CONF_TLS_VERIFY, CONF_TLS_SECURE) &&
		  check_word(b, t, "match", CONF_TLS_VERIFY, CONF_TLS_SECURE) &&
		  check_word(b, t, "certificate", CONF_TLS_MAY, CONF_TLS_SECURE) &&
		  check_word(b, t, "key", CONF_TLS_MAY, CONF_TLS_SECURE) &&
		  check_word(b, t, "tls-wrappermode", CONF_TLS_ENCRYPT, CONF_TLS_SECURE);

	if (t->peer.login.path.n > 0 && t->tls < CONF_TLS_ENCRYPT)
		ok = conf_builder_error(b, &t->peer.login.origin,
			"'login' asks for 'tls encrypt' or more: no password goes out in clear");
	if (t->peer.mechanisms && t->peer.login.path.n == 0)
		ok = conf_builder_error(b, place(b, "login-mechanisms"),
			"'login-mechanisms' means nothing without 'login'");
	if (t->tls == CONF_TLS_FINGERPRINT && t->peer.digest_count == 0)
		ok = conf_builder_error(b, place(b, "tls"),
			"'tls fingerprint' needs the digest of a certificate or its key: "
			"'fingerprint SHA256'");
	if (t->tls >= CONF_TLS_VERIFY && str_starts(t->host, S("unix:")) && t->peer.name_count == 0)
		ok = conf_builder_error(b, place(b, "tls"),
			"a unix socket has no name to verify: 'match NAME' says one");
	return ok && check_pair(b, &t->peer.pair);
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
