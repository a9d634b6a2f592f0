#include "conf/login_block.h"

#include "base/ascii.h"
#include "base/number.h"
#include "base/utf8.h"
#include "conf/list.h"
#include "conf/value.h"
#include "dns/name.h"
#include "mail/address.h"
#include "world/file.h"

#define NAME_OCTETS_MAX 255

bool conf_login_block_dovecot(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	static const char takes[] =
		"unix:/path/to/socket (Dovecot's auth-client), or an address such as "
		"127.0.0.1:12345";
	const struct conf_word *word = conf_value_one(b, d, takes);
	struct conf_login *login = field;
	str text;

	(void)row;
	if (!word)
		return false;
	text = word->text;
	if (str_starts(text, S("unix:")) && text.n > 5)
		text = arena_printf(b->arena, "unix:%.*s",
			STR(file_path(b->arena, b->conf->dir, str_skip(text, 5))));
	if (!endpoint_parse(text, 0, &login->dovecot))
		return conf_value_wrong(b, d, word, takes);
	return true;
}

bool conf_login_block_domain(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	static const char takes[] = "a domain such as example.org";
	const struct conf_word *word = conf_value_one(b, d, takes);
	struct conf_login *login = field;
	char ascii[DNS_NAME_MAX + 1];

	(void)row;
	if (!word)
		return false;
	if (!dns_name_ascii(word->text, ascii))
		return conf_value_wrong(b, d, word, takes);
	login->default_domain = arena_copy(b->arena, str_of(ascii));
	return true;
}

/* The name of a login as tables have it.  Beyond ASCII it has to be written in that form. */
static bool read_name(struct conf_builder *b, const struct conf_directive *d,
	const struct conf_word *word, const char *takes, str *name)
{
	char lower[NAME_OCTETS_MAX];

	if (word->text.n == 0 || word->text.n > sizeof lower || !utf8_valid(word->text) ||
		str_has(word->text, ':') || str_has(word->text, ' '))
		return conf_value_wrong(b, d, word, takes);
	for (size_t i = 0; i < word->text.n; i++)
		lower[i] = ascii_lower(word->text.p[i]);
	*name = arena_copy(b->arena, str_from(lower, word->text.n));
	return true;
}

/* An address, "@domain" or "*". */
static bool read_pattern(struct conf_builder *b, str text, str *pattern)
{
	char key[ADDRESS_KEY_MAX];

	if (str_eq(text, S("*"))) {
		*pattern = text;
		return true;
	}
	if (str_starts(text, S("@"))) {
		str domain;

		if (!conf_value_domain(b->arena, str_skip(text, 1), &domain))
			return false;
		*pattern = arena_printf(b->arena, "@%.*s", STR(domain));
		return true;
	}
	if (!address_parse(text, true, NULL) || !address_key(text, key, pattern))
		return false;
	*pattern = arena_copy(b->arena, *pattern);
	return true;
}

bool conf_login_block_send_as(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	static const char takes[] =
		"the name of a login, and addresses, @domains or * for any address";
	struct conf_login *login = field;
	struct conf_send_as as = { 0 };
	bool ok = true;

	(void)row;
	if (!conf_value_words(b, d, SIZE_MAX, takes) ||
		!read_name(b, d, &d->words[1], takes, &as.login))
		return false;
	if (d->word_count < 3)
		return conf_value_wrong(b, d, &d->words[1], takes);
	for (size_t i = 2; i < d->word_count; i++) {
		const struct conf_word *word = &d->words[i];

		as.origin = word->origin;
		if (read_pattern(b, word->text, &as.pattern))
			CONF_LIST_ADD(b->arena, login->send_as, login->send_as_count, as);
		else
			ok = conf_value_wrong(b, d, word, takes);
	}
	return ok;
}

bool conf_login_block_limits_of(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	static const char takes[] =
		"the name of a login, messages an hour and recipients an hour (0: any number)";
	struct conf_login *login = field;
	struct conf_login_limits limits = { .origin = d->words[0].origin };
	uint64_t n[2];

	(void)row;
	if (!conf_value_words(b, d, 3, takes) ||
		!read_name(b, d, &d->words[1], takes, &limits.login))
		return false;
	for (size_t i = 0; i < 2; i++) {
		if (d->word_count < i + 3)
			return conf_value_wrong(b, d, &d->words[d->word_count - 1], takes);
		if (!number_parse(d->words[i + 2].text, 1000000000, &n[i]))
			return conf_value_wrong(b, d, &d->words[i + 2], takes);
	}
	if (!conf_builder_claim(b, row->word.p, limits.login, &d->words[1]))
		return false;
	limits.messages = (unsigned)n[0];
	limits.recipients = (unsigned)n[1];
	CONF_LIST_ADD(b->arena, login->limits, login->limit_count, limits);
	return true;
}

void conf_login_block_check(struct conf_builder *b)
{
	const struct conf *c = b->conf;

	for (size_t i = 0; i < c->listener_count; i++) {
		const struct conf_listener *l = &c->listeners[i];

		if (l->login == CONF_LOGIN_NONE)
			continue;
		if (l->tls == CONF_LISTENER_OFF)
			conf_builder_error(b, &l->origin,
				"'listen %.*s' says 'login', but 'tls off': no password is taken "
				"in "
				"clear",
				STR(l->name));
		else if (!conf_login_any(&c->login))
			conf_builder_error(b, &l->origin,
				"'listen %.*s' says 'login', but nobody can say whose a password "
				"is: "
				"'login { passwd-file FILE }', or 'dovecot'",
				STR(l->name));
	}
}
