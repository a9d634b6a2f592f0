#include "sender/dkim_publish.h"

#include "base/ascii.h"
#include "dns/name.h"

#define PIECE_OCTETS 250

static bool is_hashes(str list)
{
	str one;

	while (dkim_field_word(&list, &one)) {
		for (size_t i = 0; i < one.n; i++)
			if (!ascii_letter(one.p[i]) && !ascii_digit(one.p[i]) && one.p[i] != '-')
				return false;
		if (one.n == 0)
			return false;
	}
	return true;
}

/* It stands in quotes in the zone, and in a tag of the record. */
static bool is_note(str note)
{
	for (size_t i = 0; i < note.n; i++)
		if (note.p[i] < ' ' || note.p[i] > '~' || str_has(S("\"\\;"), note.p[i]))
			return false;
	return note.n <= 100;
}

bool dkim_publish_check(const struct dkim_publish *p, struct fail *why)
{
	char ascii[DNS_NAME_MAX + 1];

	if (!dns_name_ascii(p->domain, ascii))
		return fail_with(why, FAIL_PERMANENT, "5.5.4", "-d wants a domain");
	if (!dns_name_ascii(p->selector, ascii) ||
		p->selector.n + p->domain.n + sizeof "._domainkey." > DNS_NAME_MAX)
		return fail_with(why, FAIL_PERMANENT, "5.5.4", "-s wants a name");
	if (!is_hashes(p->hashes))
		return fail_with(
			why, FAIL_PERMANENT, "5.5.4", "-h wants names with colons between");
	if (!is_note(p->note))
		return fail_with(why, FAIL_PERMANENT, "5.5.4",
			"-n wants at most 100 printable characters without quotes, semicolons and "
			"backslashes");
	return true;
}

static void put_flags(const struct dkim_publish *p, struct buf *to)
{
	if (p->testing || p->no_subdomains)
		buf_putf(to, "t=%s%s%s;%s", p->testing ? "y" : "",
			p->testing && p->no_subdomains ? ":" : "", p->no_subdomains ? "s" : "",
			p->mail_only ? " " : "");
	if (p->mail_only)
		buf_put(to, S("s=email;"));
	if (p->testing || p->no_subdomains || p->mail_only)
		buf_put_char(to, ' ');
}

void dkim_publish_zone(
	const struct dkim_publish *p, const struct dkim_secret *secret, struct buf *to)
{
	bool rsa = dkim_secret_signer(secret)->algorithm == DKIM_RSA_SHA256;
	struct buf public = { 0 };
	str rest;

	dkim_secret_public(secret, &public);
	buf_putf(to, "%.*s._domainkey", STR(p->selector));
	if (p->append_domain)
		buf_putf(to, ".%.*s.", STR(p->domain));
	buf_put(to, S("\tIN\tTXT\t( \"v=DKIM1;"));
	if (p->note.n > 0)
		buf_putf(to, " n=\\\"%.*s\\\";", STR(p->note));
	if (p->hashes.n > 0)
		buf_putf(to, " h=%.*s;", STR(p->hashes));
	buf_putf(to, " k=%s; ", rsa ? "rsa" : "ed25519");
	put_flags(p, to);
	buf_put(to, S("\"\n\t  \"p="));
	for (rest = buf_str(&public); rest.n > 0; rest = str_skip(rest, PIECE_OCTETS)) {
		buf_put(to, str_first(rest, PIECE_OCTETS));
		if (rest.n > PIECE_OCTETS)
			buf_put(to, S("\"\n\t  \""));
	}
	buf_putf(to, "\" )  ; ----- DKIM key %.*s for %.*s\n", STR(p->selector), STR(p->domain));
	buf_free(&public);
}
