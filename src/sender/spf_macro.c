#include "sender/spf_macro.h"

#include <stdio.h>

#include "base/ascii.h"
#include "base/fail.h"
#include "base/number.h"
#include "dns/name.h"

#define KEEP_ALL UINT32_MAX
#define TAIL_OCTETS 1024 /* twice this much of a name's end is more than any name has */

/* One piece of a macro string: a character, a fixed expansion, or a macro with its transformers. */
struct token {
	str fixed;
	char letter; /* lower case; 0: fixed holds */
	bool expands, escape, reverse;
	uint32_t keep;
	str delimiters;
};

static bool is_delimiter(char c)
{
	return str_has(S(".-+,/_="), c);
}

/* What stands between "%{" and "}". */
static bool read_macro(str inside, struct token *t)
{
	uint64_t keep;
	size_t n = 1;

	if (inside.n == 0 || !str_has(S("slodiphcrtv"), ascii_lower(inside.p[0])))
		return false;
	t->letter = ascii_lower(inside.p[0]);
	t->escape = ascii_upper_letter(inside.p[0]);
	while (n < inside.n && ascii_digit(inside.p[n]))
		n++;
	if (n > 1) {
		str digits = str_skip(str_first(inside, n), 1);

		while (digits.n > 1 && digits.p[0] == '0')
			digits = str_skip(digits, 1);
		if (!number_parse(digits, KEEP_ALL, &keep))
			keep = KEEP_ALL; /* larger than any number of parts */
		if (keep == 0)
			return false;
		t->keep = (uint32_t)keep;
	}
	if (n < inside.n && ascii_lower(inside.p[n]) == 'r') {
		t->reverse = true;
		n++;
	}
	t->delimiters = str_skip(inside, n);
	for (size_t i = 0; i < t->delimiters.n; i++)
		if (!is_delimiter(t->delimiters.p[i]))
			return false;
	return true;
}

/* Take the next token off *text.  False: it is not well formed, or *text was empty. */
static bool take_token(str *text, struct token *t)
{
	size_t end;

	*t = (struct token){ .keep = KEEP_ALL };
	if (text->n == 0)
		return false;
	if (text->p[0] != '%') {
		t->fixed = str_first(*text, 1);
		*text = str_skip(*text, 1);
		return true;
	}
	t->expands = true;
	if (text->n < 2)
		return false;
	switch (text->p[1]) {
	case '%':
		t->fixed = S("%");
		break;
	case '_':
		t->fixed = S(" ");
		break;
	case '-':
		t->fixed = S("%20");
		break;
	case '{':
		end = str_find(*text, '}');
		if (end == text->n || !read_macro(str_skip(str_first(*text, end), 2), t))
			return false;
		*text = str_skip(*text, end + 1);
		return true;
	default:
		return false;
	}
	*text = str_skip(*text, 2);
	return true;
}

static bool allowed(const struct token *t, enum spf_macro_place place)
{
	char c;

	if (t->letter)
		return place != SPF_IN_DOMAIN || !str_has(S("crt"), t->letter);
	c = t->fixed.p[0];
	return t->expands || (c > ' ' && c <= '~') || (c == ' ' && place == SPF_IN_EXPLANATION);
}

bool spf_macro_check(str text, enum spf_macro_place place)
{
	struct token t;

	while (text.n > 0)
		if (!take_token(&text, &t) || !allowed(&t, place))
			return false;
	return true;
}

/* RFC 7208 section 7.1: letters, digits and inner hyphens, not digits only. */
static bool is_toplabel(str label)
{
	bool digits_only = true;

	if (label.n == 0 || label.p[0] == '-' || label.p[label.n - 1] == '-')
		return false;
	for (size_t i = 0; i < label.n; i++) {
		char c = label.p[i];

		if (!ascii_letter(c) && !ascii_digit(c) && c != '-')
			return false;
		digits_only &= ascii_digit(c);
	}
	return !digits_only;
}

bool spf_macro_domain(str spec)
{
	str rest = spec, literal = spec; /* literal: what stands behind the last macro */
	struct token t = { 0 };
	size_t dot;

	if (spec.n == 0 || !spf_macro_check(spec, SPF_IN_DOMAIN))
		return false;
	while (take_token(&rest, &t))
		if (t.expands)
			literal = rest;
	if (literal.n == 0)
		return true;
	if (str_ends(literal, S(".")))
		literal.n--;
	dot = str_find_last(literal, '.');
	return dot < literal.n && is_toplabel(str_skip(literal, dot + 1));
}

bool spf_macro_uses(str text, str letters)
{
	struct token t;

	while (take_token(&text, &t))
		if (t.letter && str_has(letters, t.letter))
			return true;
	return false;
}

/* Where an expansion goes: as much of it as fits, or as much of its end. */
struct out {
	char *to;
	size_t n, size;
	bool tail;
};

static void put_char(struct out *o, char c)
{
	if (o->n == o->size) {
		size_t kept = o->size / 2;

		if (!o->tail)
			return;
		memmove(o->to, o->to + o->size - kept, kept);
		o->n = kept;
	}
	o->to[o->n++] = c;
}

static void put(struct out *o, str s, bool escape)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!escape || ascii_letter(c) || ascii_digit(c) || str_has(S("-._~"), c)) {
			put_char(o, c);
			continue;
		}
		put_char(o, '%');
		put_char(o, hex[(unsigned char)c >> 4]);
		put_char(o, hex[(unsigned char)c & 15]);
	}
}

/* IPv4 in its usual form, IPv6 as 32 hexadecimal digits with dots between them. */
static str print_client(const struct ip *ip, char room[SPF_VALUE_MAX])
{
	static const char hex[] = "0123456789ABCDEF";
	size_t n = 0;

	if (ip->family != 6)
		return str_of(ip_print(ip, room));
	for (size_t i = 0; i < sizeof ip->bytes; i++) {
		room[n++] = hex[ip->bytes[i] >> 4];
		room[n++] = '.';
		room[n++] = hex[ip->bytes[i] & 15];
		room[n++] = '.';
	}
	return str_from(room, n - 1);
}

static str value(char letter, const struct spf_macro_values *v, char room[SPF_VALUE_MAX])
{
	switch (letter) {
	case 's':
		snprintf(room, SPF_VALUE_MAX, "%.*s@%.*s", STR(v->local), STR(v->sender_domain));
		return str_of(room);
	case 'l':
		return v->local;
	case 'o':
		return v->sender_domain;
	case 'd':
		return v->domain;
	case 'i':
		return print_client(&v->client, room);
	case 'p':
		return v->client_name;
	case 'h':
		return v->helo;
	case 'c':
		return str_of(ip_print(&v->client, room));
	case 'r':
		return v->receiver;
	case 't':
		snprintf(room, SPF_VALUE_MAX, "%lld", (long long)v->wall_s);
		return str_of(room);
	default: /* 'v' */
		return v->client.family == 6 ? S("ip6") : S("in-addr");
	}
}

static size_t split(str text, str delimiters, str parts[SPF_VALUE_MAX + 1])
{
	size_t count = 0, from = 0;

	for (size_t i = 0; i <= text.n; i++) {
		if (i < text.n && !str_has(delimiters, text.p[i]))
			continue;
		parts[count++] = str_skip(str_first(text, i), from);
		from = i + 1;
	}
	return count;
}

static void put_macro(struct out *o, const struct token *t, const struct spf_macro_values *v)
{
	char room[SPF_VALUE_MAX];
	str parts[SPF_VALUE_MAX + 1];
	str whole = str_first(value(t->letter, v, room), SPF_VALUE_MAX);
	size_t count = split(whole, t->delimiters.n > 0 ? t->delimiters : S("."), parts);
	size_t skip = count > t->keep ? count - t->keep : 0;

	for (size_t i = skip; i < count; i++) {
		if (i > skip)
			put_char(o, '.');
		put(o, parts[t->reverse ? count - 1 - i : i], t->escape);
	}
}

static void expand(struct out *o, str text, const struct spf_macro_values *v)
{
	struct token t;

	while (take_token(&text, &t)) {
		if (t.letter)
			put_macro(o, &t, v);
		else
			put(o, t.fixed, false);
	}
}

bool spf_macro_name(
	str spec, const struct spf_macro_values *v, char to[DNS_NAME_MAX + 1], str *name)
{
	char room[TAIL_OCTETS];
	struct out o = { .to = room, .size = sizeof room, .tail = true };
	str all;

	expand(&o, spec, v);
	all = str_from(room, o.n);
	if (str_ends(all, S(".")))
		all.n--;
	while (all.n > DNS_NAME_MAX) {
		size_t dot = str_find(all, '.');

		all = str_skip(all, dot + 1);
	}
	if (!dns_name_askable(all))
		return false;
	str_to_c(all, to, DNS_NAME_MAX + 1);
	*name = str_from(to, all.n);
	return true;
}

char *spf_macro_text(str text, const struct spf_macro_values *v, char to[SPF_TEXT_MAX + 1])
{
	char room[SPF_TEXT_MAX];
	struct out o = { .to = room, .size = sizeof room };

	expand(&o, text, v);
	return fail_clean(str_from(room, o.n), to, SPF_TEXT_MAX + 1);
}
