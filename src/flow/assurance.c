#include "flow/assurance.h"

#include "base/hex.h"
#include "dns/name.h"
#include "route/nexthop.h"

/* The domain of the next hop, or its host where that is fixed: what the configuration says, and no
 * answer of the DNS. */
static str next_hop(const struct conf_transport *t, str nexthop, char to[DNS_NAME_MAX + 1])
{
	struct nexthop hop = nexthop_of(t, nexthop);

	return dns_name_ascii(hop.host, to) ? str_of(to) : hop.host;
}

static void add_name(struct tls_expected *peer, str names[CONF_TLS_NAMES_MAX], str name)
{
	if (peer->name_count < CONF_TLS_NAMES_MAX && name.n > 0)
		names[peer->name_count++] = name;
}

/* As Postfix's smtp_tls_verify_cert_match and smtp_tls_secure_cert_match. */
static void expect(const struct conf_transport *t, str host, str nexthop, str below,
	str names[CONF_TLS_NAMES_MAX], struct tls_expected *peer)
{
	static const str of_secure[] = { STR_INIT("nexthop"), STR_INIT("dot-nexthop") };
	static const str of_others[] = { STR_INIT("hostname") };
	const str *words = t->peer.names;
	size_t count = t->peer.name_count;

	if (count == 0) {
		words = t->tls == CONF_TLS_SECURE ? of_secure : of_others;
		count = t->tls == CONF_TLS_SECURE ? LENGTH(of_secure) : LENGTH(of_others);
	}
	for (size_t i = 0; i < count; i++) {
		if (str_eq(words[i], S("hostname")))
			add_name(peer, names, host);
		else if (str_eq(words[i], S("nexthop")))
			add_name(peer, names, nexthop);
		else if (str_eq(words[i], S("dot-nexthop")))
			add_name(peer, names, below);
		else
			add_name(peer, names, words[i]);
	}
}

void assurance_begin(const struct conf_transport *t, str nexthop, str host, struct sock *s,
	struct tls_context *context)
{
	char ascii[DNS_NAME_MAX + 1], dotted[DNS_NAME_MAX + 2] = ".";
	struct tls_expected peer = { .host = host };
	str names[CONF_TLS_NAMES_MAX], domain = next_hop(t, nexthop, ascii);
	struct ip ip;

	str_to_c(domain, dotted + 1, sizeof dotted - 1);
	peer.names = names;
	expect(t, host, domain, ip_parse(domain, &ip) ? S("") : str_of(dotted), names, &peer);
	sock_tls_connect(s, context, &peer);
}

static bool is_listed(const struct conf_tls_peer *peer, const struct tls_facts *facts)
{
	for (size_t i = 0; facts->shown && i < peer->digest_count; i++)
		if (memcmp(peer->digests[i].octets, facts->digest, TLS_DIGEST_OCTETS) == 0 ||
			memcmp(peer->digests[i].octets, facts->key_digest, TLS_DIGEST_OCTETS) == 0)
			return true;
	return false;
}

bool assurance_suffices(
	const struct conf_transport *t, str host, struct tls_facts *facts, struct fail *why)
{
	char digest[TLS_DIGEST_TEXT_MAX];

	switch (t->tls) {
	case CONF_TLS_NONE:
	case CONF_TLS_MAY:
	case CONF_TLS_ENCRYPT:
		return true;
	case CONF_TLS_FINGERPRINT:
		facts->verified = is_listed(&t->peer, facts);
		if (facts->verified)
			return true;
		return fail_with(why, FAIL_TEMPORARY, "4.7.5",
			"The certificate of %.*s is not one of those that are listed: its SHA-256 "
			"is %s",
			STR(host), hex_print(facts->digest, TLS_DIGEST_OCTETS, digest));
	case CONF_TLS_VERIFY:
	case CONF_TLS_SECURE:
		break;
	}
	return facts->verified ||
	       fail_with(why, FAIL_TEMPORARY, "4.7.5",
		       "The certificate of %.*s cannot be verified: %s", STR(host), facts->problem);
}
