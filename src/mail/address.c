#include "mail/address.h"

#include <stdio.h>

#include "base/ascii.h"
#include "base/ip.h"
#include "base/utf8.h"
#include "dns/name.h"

str address_local(str address)
{
	return str_first(address, str_find_last(address, '@'));
}

str address_domain(str address)
{
	return str_skip(address, str_find_last(address, '@') + 1);
}

/* RFC 5322 section 3.2.3; bytes above 127 by RFC 6531. */
static bool atext(char c)
{
	return ascii_letter(c) || ascii_digit(c) || ascii_high(c) ||
	       (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

static bool dot_atom(str s)
{
	char before = '.';

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '.' ? before == '.' : !atext(s.p[i]))
			return false;
		before = s.p[i];
	}
	return before != '.';
}

/* RFC 5321 section 4.1.2: printable, '"' and '\' behind a '\' only; what stands behind a '\' is
 * ASCII. */
static bool quoted_string(str s)
{
	if (s.n < 2 || s.p[0] != '"' || s.p[s.n - 1] != '"')
		return false;
	s = str_first(str_skip(s, 1), s.n - 2);
	while (s.n > 0) {
		char c = s.p[0];

		s = str_skip(s, 1);
		if (ascii_control(c) || c == '"')
			return false;
		if (c != '\\')
			continue;
		if (s.n == 0 || ascii_control(s.p[0]) || ascii_high(s.p[0]))
			return false;
		s = str_skip(s, 1);
	}
	return true;
}

static bool valid_local(str s)
{
	return utf8_valid(s) && (dot_atom(s) || quoted_string(s));
}

/* "[192.0.2.1]" or "[IPv6:2001:db8::1]".  No other tag has been registered. */
static bool parse_literal(str s, struct ip *ip)
{
	bool tagged;

	if (!str_starts(s, S("[")) || !str_ends(s, S("]")))
		return false;
	s = str_first(str_skip(s, 1), s.n - 2);
	tagged = str_starts_nocase(s, S("IPv6:"));
	if (tagged)
		s = str_skip(s, 5);
	return !str_has(s, '[') && str_has(s, ':') == tagged && ip_parse(s, ip);
}

bool address_parse(str s, bool utf8, struct fail *why)
{
	char ascii[DNS_NAME_MAX + 1];
	str local = address_local(s), domain = address_domain(s);
	struct ip ip;

	if (s.n > ADDRESS_MAX)
		return fail_with(why, FAIL_PERMANENT, "5.1.3", "Address too long");
	if (!utf8 && !utf8_ascii(s))
		return fail_with(why, FAIL_PERMANENT, "5.1.3", "Address needs SMTPUTF8");
	if (local.n == s.n)
		return fail_with(why, FAIL_PERMANENT, "5.1.3", "Address without a domain");
	if (!valid_local(local))
		return fail_with(why, FAIL_PERMANENT, "5.1.3", "Bad local part of an address");
	if (!parse_literal(domain, &ip) && !dns_name_ascii(domain, ascii))
		return fail_with(why, FAIL_PERMANENT, "5.1.3", "Bad domain of an address");
	return true;
}

/* Append the folded local part.  Never longer than it was: what has to be escaped, was. */
static size_t key_local(str local, char *to)
{
	char text[ADDRESS_MAX];
	size_t n = 0, end = 0;
	bool quoted = str_starts(local, S("\""));
	str unquoted;

	if (quoted)
		local = str_first(str_skip(local, 1), local.n - 2);
	for (size_t i = 0; i < local.n; i++) {
		if (quoted && local.p[i] == '\\')
			i++;
		text[n++] = ascii_lower(local.p[i]);
	}
	unquoted = str_from(text, n);
	quoted = !dot_atom(unquoted);
	if (quoted)
		to[end++] = '"';
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '"' || text[i] == '\\')
			to[end++] = '\\';
		to[end++] = text[i];
	}
	if (quoted)
		to[end++] = '"';
	return end;
}

/* Write the folded domain.  False: it is none. */
static bool key_domain(str domain, char to[DNS_NAME_MAX + 1])
{
	struct ip ip;
	char text[IP_TEXT_MAX];

	if (!parse_literal(domain, &ip))
		return dns_name_ascii(domain, to);
	snprintf(to, DNS_NAME_MAX + 1, ip.family == 6 ? "[ipv6:%s]" : "[%s]", ip_print(&ip, text));
	return true;
}

_Static_assert(ADDRESS_KEY_MAX > ADDRESS_MAX + 1 + DNS_NAME_MAX, "a key fits");

bool address_key(str address, char to[ADDRESS_KEY_MAX], str *key)
{
	str local = address_local(address);
	size_t n;

	*key = S("");
	if (address.n == 0)
		return true;
	if (address.n > ADDRESS_MAX || !valid_local(local))
		return false;
	n = key_local(local, to);
	if (local.n < address.n) {
		to[n++] = '@';
		if (!key_domain(address_domain(address), to + n))
			return false;
		n += strlen(to + n);
	}
	if (n > ADDRESS_MAX)
		return false; /* its ASCII form is too long to be sent, and would be no key of its
				 own */
	*key = str_from(to, n);
	return true;
}

bool address_ascii(str address)
{
	char ascii[DNS_NAME_MAX + 1];
	str domain = address_domain(address);

	return utf8_ascii(address_local(address)) &&
	       (utf8_ascii(domain) || dns_name_ascii(domain, ascii));
}
