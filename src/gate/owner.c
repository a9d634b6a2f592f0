#include "gate/owner.h"

#include <stdio.h>

#include "conf/login.h"
#include "mail/address.h"
#include "route/router.h"

/* The address of a login in table form.  False: its name is none. */
static bool own_address(const struct conf *conf, str login, char to[ADDRESS_KEY_MAX], str *key)
{
	char address[ADDRESS_KEY_MAX];
	str domain = conf->login.default_domain;
	int n;

	if (domain.n == 0)
		domain = conf->hostname.text;
	if (str_has(login, '@'))
		n = snprintf(address, sizeof address, "%.*s", STR(login));
	else
		n = snprintf(address, sizeof address, "%.*s@%.*s", STR(login), STR(domain));
	return n > 0 && (size_t)n < sizeof address &&
	       address_key(str_from(address, (size_t)n), to, key);
}

/* Is it the address, or a sub-address of it? */
static bool is_address(const struct router *r, str key, str own)
{
	const struct conf_domain *d = router_domain(r, key);
	char to[ADDRESS_KEY_MAX];
	str base;

	return str_eq(key, own) || (d && router_base(d, key, to, &base) && str_eq(base, own));
}

static bool fits(const struct router *r, str key, str pattern)
{
	if (str_eq(pattern, S("*")))
		return true;
	if (str_starts(pattern, S("@")))
		return str_eq(address_domain(key), str_skip(pattern, 1));
	return is_address(r, key, pattern);
}

static bool granted(const struct router *r, str login, str key, const struct conf_origin **first)
{
	const struct conf_login *conf = &router_conf(r)->login;

	for (size_t i = 0; i < conf->send_as_count; i++) {
		if (!str_eq(conf->send_as[i].login, login))
			continue;
		if (fits(r, key, conf->send_as[i].pattern))
			return true;
		if (!*first)
			*first = &conf->send_as[i].origin;
	}
	return false;
}

/* Looks for one's own address among all that an expansion comes by. */
struct search {
	str own;
	bool found;
};

static void look(void *owner, unsigned depth, str from, str to, const struct conf_origin *at)
{
	struct search *s = owner;
	char key_text[ADDRESS_KEY_MAX];
	str key;

	(void)depth;
	(void)from;
	(void)at;
	if (!s->found && address_key(to, key_text, &key))
		s->found = str_eq(key, s->own);
}

#define EXPANSION_OCTETS_MAX (4 << 20)

/* False: it does not, or *why, or it is not known yet. */
static bool leads_there(
	const struct router *r, struct route_ask *ask, str sender, str own, struct fail *why)
{
	struct search search = { .own = own };
	struct route_targets targets = { 0 };
	struct arena step;
	struct fail cause = { 0 };

	if (!route_hosted(r, sender))
		return false;
	arena_init(&step, EXPANSION_OCTETS_MAX);
	/* where it does not end well it may have come by all the same */
	if (!route_expand_asking(r, ask, &step, sender, &targets, &cause, look, &search) &&
		ask->failed)
		*why = cause;
	ask->key = sender; /* its own goes with the arena */
	arena_free(&step);
	if (search.found)
		ask->waits = false;
	return search.found;
}

bool owner_may_send(
	const struct router *r, struct route_ask *ask, str login, str sender, struct fail *why)
{
	const struct conf *conf = router_conf(r);
	const struct conf_origin *first = NULL;
	char own_text[ADDRESS_KEY_MAX], key_text[ADDRESS_KEY_MAX];
	str own, key;
	bool has_own = own_address(conf, login, own_text, &own);
	struct fail cause = { 0 };

	if (sender.n == 0)
		return true;
	if (address_key(sender, key_text, &key) &&
		((has_own && is_address(r, key, own)) || granted(r, login, key, &first) ||
			(has_own && leads_there(r, ask, sender, own, &cause))))
		return true;
	if (ask->waits)
		return false;
	if (cause.kind != FAIL_NONE) {
		*why = cause;
		return false;
	}
	fail_reply(why, 553, "5.7.1", "<%.*s> is not an address of the login %.*s", STR(sender),
		STR(login));
	if (!first)
		first = conf_where(conf, S("login"), S("passwd-file"));
	if (!first)
		first = conf_where(conf, S("login"), S("dovecot"));
	if (first)
		conf_origin_print(first, why->origin);
	return false;
}
