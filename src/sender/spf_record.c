#include "sender/spf_record.h"

#include "base/ascii.h"
#include "base/number.h"
#include "sender/spf_macro.h"

#define TERM_SHOWN_MAX 80 /* of a faulty term, in the text that names it */

enum argument { ARGUMENT_NONE, ARGUMENT_DOMAIN, ARGUMENT_MAYBE_DOMAIN, ARGUMENT_IP };

static const struct {
	str name;
	enum spf_mechanism mechanism;
	enum argument argument;
	bool prefixes; /* /n//m may follow */
} mechanisms[] = {
	{STR_INIT("all"),      SPF_ALL,     ARGUMENT_NONE,         false},
	{ STR_INIT("include"), SPF_INCLUDE, ARGUMENT_DOMAIN,       false},
	{ STR_INIT("a"),       SPF_A,       ARGUMENT_MAYBE_DOMAIN, true },
	{ STR_INIT("mx"),      SPF_MX,      ARGUMENT_MAYBE_DOMAIN, true },
	{ STR_INIT("ptr"),     SPF_PTR,     ARGUMENT_MAYBE_DOMAIN, false},
	{ STR_INIT("ip4"),     SPF_IP4,     ARGUMENT_IP,           false},
	{ STR_INIT("ip6"),     SPF_IP6,     ARGUMENT_IP,           false},
	{ STR_INIT("exists"),  SPF_EXISTS,  ARGUMENT_DOMAIN,       false},
};

bool spf_record_is(str text)
{
	str version = S("v=spf1");

	return str_starts_nocase(text, version) &&
	       (text.n == version.n || text.p[version.n] == ' ');
}

/* Terms are separated by spaces, and by nothing else (section 4.6.1). */
static bool take_word(str *terms, str *word)
{
	while (terms->n > 0 && terms->p[0] == ' ')
		*terms = str_skip(*terms, 1);
	if (terms->n == 0)
		return false;
	str_cut(terms, ' ', word);
	return true;
}

/* name "=" at the front: the length of the name, 0 when it is no modifier. */
static size_t modifier_name(str word)
{
	for (size_t i = 0; i < word.n; i++) {
		char c = word.p[i];

		if (c == '=')
			return i;
		if (!ascii_letter(c) && (i == 0 || (!ascii_digit(c) && !str_has(S("-_."), c))))
			return 0;
	}
	return 0;
}

/* "/24" off the end of *text, where it is there; without needless zeros. */
static bool take_prefix(str *text, str slash, uint64_t max, uint8_t *bits)
{
	size_t digits = 0;
	uint64_t n;
	str number;

	while (digits < text->n && ascii_digit(text->p[text->n - 1 - digits]))
		digits++;
	number = str_last(*text, digits);
	if (digits == 0 || !str_ends(str_first(*text, text->n - digits), slash))
		return true;
	if ((digits > 1 && number.p[0] == '0') || !number_parse(number, max, &n))
		return false;
	*bits = (uint8_t)n;
	*text = str_first(*text, text->n - digits - slash.n);
	return true;
}

static bool take_prefixes(str *text, struct spf_term *t)
{
	return take_prefix(text, S("//"), 128, &t->bits6) &&
	       take_prefix(text, S("/"), 32, &t->bits4);
}

/* An IPv6 network may be written with an IPv4 address in it, and stays one of IPv6. */
static bool read_ip(str text, struct spf_term *t)
{
	bool six = t->mechanism == SPF_IP6;

	if (!take_prefix(&text, S("/"), six ? 128 : 32, six ? &t->bits6 : &t->bits4))
		return false;
	if (str_has(text, '[') || str_has(text, ':') != six || !ip_parse(text, &t->ip))
		return false;
	if (six && t->ip.family == 4) {
		memcpy(t->ip.bytes + 12, t->ip.bytes, 4);
		memset(t->ip.bytes, 0, 10);
		memset(t->ip.bytes + 10, 0xff, 2);
		t->ip.family = 6;
	}
	return true;
}

static bool read_argument(str rest, enum argument argument, bool prefixes, struct spf_term *t)
{
	bool given;

	if (prefixes && !take_prefixes(&rest, t))
		return false;
	given = str_starts(rest, S(":"));
	if (!given && rest.n > 0)
		return false;
	rest = str_skip(rest, 1);
	switch (argument) {
	case ARGUMENT_NONE:
		return !given;
	case ARGUMENT_MAYBE_DOMAIN:
		if (!given)
			return true;
		break;
	case ARGUMENT_DOMAIN:
		break;
	case ARGUMENT_IP:
		return given && read_ip(rest, t);
	}
	t->domain = rest;
	return given && spf_macro_domain(rest);
}

static bool read_term(str word, struct spf_term *t)
{
	str name;

	*t = (struct spf_term){ .text = word, .qualifier = '+', .bits4 = 32, .bits6 = 128 };
	if (str_has(S("+-?~"), word.p[0])) {
		t->qualifier = word.p[0];
		word = str_skip(word, 1);
	}
	name = str_first(word, str_find(word, ':'));
	name = str_first(name, str_find(name, '/'));
	for (size_t i = 0; i < LENGTH(mechanisms); i++) {
		if (!str_eq_nocase(name, mechanisms[i].name))
			continue;
		t->mechanism = mechanisms[i].mechanism;
		return read_argument(
			str_skip(word, name.n), mechanisms[i].argument, mechanisms[i].prefixes, t);
	}
	return false;
}

static bool read_once(str value, str *modifier)
{
	if (modifier->n > 0 || !spf_macro_domain(value))
		return false;
	*modifier = value;
	return true;
}

static bool read_modifier(str word, size_t name_n, struct spf_record *record)
{
	str name = str_first(word, name_n), value = str_skip(word, name_n + 1);

	if (str_eq_nocase(name, S("redirect")))
		return read_once(value, &record->redirect);
	if (str_eq_nocase(name, S("exp")))
		return read_once(value, &record->exp);
	return spf_macro_check(value, SPF_IN_MODIFIER);
}

bool spf_record_read(str text, struct spf_record *record, struct fail *why)
{
	str rest = str_skip(text, sizeof "v=spf1" - 1), word;
	struct spf_term term;

	if (text.n > SPF_RECORD_MAX)
		return fail_with(why, FAIL_PERMANENT, "5.7.24",
			"the SPF record is longer than %d octets", SPF_RECORD_MAX);
	*record = (struct spf_record){ .terms = rest };
	while (take_word(&rest, &word)) {
		size_t name_n = modifier_name(word);

		if (name_n > 0 ? !read_modifier(word, name_n, record) : !read_term(word, &term))
			return fail_with(why, FAIL_PERMANENT, "5.7.24",
				"the SPF record has a faulty term: %.*s",
				STR(str_first(word, TERM_SHOWN_MAX)));
	}
	return true;
}

bool spf_record_next(str *terms, struct spf_term *term)
{
	str word;

	while (take_word(terms, &word))
		if (modifier_name(word) == 0)
			return read_term(word, term);
	return false;
}
