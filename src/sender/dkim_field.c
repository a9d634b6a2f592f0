#include "sender/dkim_field.h"

#include "base/ascii.h"
#include "base/base64.h"
#include "base/number.h"
#include "dns/name.h"
#include "mail/address.h"

static bool is_white(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_name(str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_letter(s.p[i]) && !ascii_digit(s.p[i]) && s.p[i] != '_')
			return false;
	return s.n > 0 && ascii_letter(s.p[0]);
}

static bool is_value(str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (ascii_control(s.p[i]) && !is_white(s.p[i]))
			return false;
	return true;
}

static str trim(str s)
{
	while (s.n > 0 && is_white(s.p[0]))
		s = str_skip(s, 1);
	return str_trim_right(s);
}

bool dkim_field_tags(str text, struct dkim_field_tags *tags)
{
	str one;

	tags->count = 0;
	while (text.n > 0) {
		str rest, name;

		str_cut(&text, ';', &one);
		if (text.n == 0 && trim(one).n == 0)
			break; /* behind a last semicolon */
		rest = one;
		if (tags->count == DKIM_FIELD_TAGS_MAX || !str_cut(&rest, '=', &name))
			return false;
		name = trim(name);
		if (!is_name(name) || !is_value(rest))
			return false;
		for (size_t i = 0; i < tags->count; i++)
			if (str_eq(tags->items[i].name, name))
				return false;
		tags->items[tags->count++] =
			(struct dkim_field_tag){ .name = name, .raw = rest, .value = trim(rest) };
	}
	return tags->count > 0;
}

const struct dkim_field_tag *dkim_field_tag(const struct dkim_field_tags *tags, const char *name)
{
	for (size_t i = 0; i < tags->count; i++)
		if (str_eq(tags->items[i].name, str_of(name)))
			return &tags->items[i];
	return NULL;
}

bool dkim_field_word(str *list, str *word)
{
	if (list->n == 0)
		return false;
	str_cut(list, ':', word);
	*word = trim(*word);
	return true;
}

bool dkim_field_base64(str text, struct buf *to)
{
	struct buf dense = { .limit_octets = DKIM_FIELD_OCTETS_MAX };
	bool ok = true;

	for (size_t i = 0, n; i < text.n && ok; i += n > 0 ? n : 1) {
		for (n = 0; i + n < text.n && !is_white(text.p[i + n]);)
			n++;
		ok = buf_add(&dense, str_first(str_skip(text, i), n));
	}
	ok = ok && base64_decode(buf_str(&dense), to);
	buf_free(&dense);
	return ok;
}

const char *dkim_field_algorithm(enum dkim_algorithm a)
{
	switch (a) {
	case DKIM_RSA_SHA256:
		return "rsa-sha256";
	case DKIM_ED25519_SHA256:
		return "ed25519-sha256";
	}
	return "";
}

static str value_of(const struct dkim_field_tags *tags, const char *name)
{
	const struct dkim_field_tag *tag = dkim_field_tag(tags, name);

	return tag ? tag->value : S("");
}

static enum dkim_verdict say(const char **why, enum dkim_verdict verdict, const char *text)
{
	*why = text;
	return verdict;
}

static enum dkim_verdict read_algorithm(struct dkim_field *f, str a, const char **why)
{
	if (str_eq_nocase(a, S("rsa-sha1")))
		return say(why, DKIM_POLICY, "signed with SHA-1, which counts for nothing");
	if (str_eq_nocase(a, S("rsa-sha256")))
		f->algorithm = DKIM_RSA_SHA256;
	else if (str_eq_nocase(a, S("ed25519-sha256")))
		f->algorithm = DKIM_ED25519_SHA256;
	else
		return say(why, DKIM_NEUTRAL, "unknown algorithm in a=");
	return DKIM_PASS;
}

static bool read_binary(str text, uint8_t *to, size_t size, size_t *n)
{
	struct buf got = { .limit_octets = size };
	bool ok = dkim_field_base64(text, &got) && buf_str(&got).n > 0;

	*n = ok ? buf_str(&got).n : 0;
	if (ok)
		memcpy(to, buf_str(&got).p, *n);
	buf_free(&got);
	return ok;
}

/* The key's name; and i= must be in the domain of d=. */
static enum dkim_verdict read_names(struct dkim_field *f, const char **why)
{
	char ascii[DNS_NAME_MAX + 1], named[DNS_NAME_MAX + 1];
	static const char middle[] = "._domainkey.";
	size_t n, m;
	str of;

	if (!dns_name_ascii(f->domain, ascii) || !dns_name_ascii(f->selector, f->query))
		return say(why, DKIM_NEUTRAL, "d= or s= is no name");
	n = strlen(f->query);
	m = strlen(ascii);
	if (n + sizeof middle - 1 + m > DNS_NAME_MAX)
		return say(why, DKIM_NEUTRAL, "the name of the key is too long");
	memcpy(f->query + n, middle, sizeof middle - 1);
	memcpy(f->query + n + sizeof middle - 1, ascii, m + 1);
	if (f->identity.n == 0)
		return DKIM_PASS;
	of = address_domain(f->identity);
	if (!dns_name_ascii(of, named) || !dns_name_below(str_of(named), str_of(ascii)))
		return say(why, DKIM_PERMERROR, "i= is not in the domain of d=");
	return DKIM_PASS;
}

/* A tag that may be missing, and has digits when it is there. */
static bool read_number(
	const struct dkim_field_tags *tags, const char *name, bool *has, uint64_t *to)
{
	const struct dkim_field_tag *tag = dkim_field_tag(tags, name);

	*has = tag;
	return !tag || number_parse(tag->value, UINT64_MAX, to);
}

static enum dkim_verdict read_signed_names(str names, const char **why)
{
	size_t count = 0;
	bool from = false;
	str name;

	while (dkim_field_word(&names, &name)) {
		if (name.n == 0 || ++count > DKIM_FIELD_NAMES_MAX)
			return say(why, DKIM_NEUTRAL, "h= cannot be used");
		from |= str_eq_nocase(name, S("From"));
	}
	return from ? DKIM_PASS : say(why, DKIM_PERMERROR, "From is not signed");
}

static bool by_dns(const struct dkim_field_tags *tags)
{
	const struct dkim_field_tag *tag = dkim_field_tag(tags, "q");
	str list = tag ? tag->value : S("dns/txt"), one;

	while (dkim_field_word(&list, &one))
		if (str_eq_nocase(one, S("dns/txt")))
			return true;
	return false;
}

/* What says which bytes are signed. */
static enum dkim_verdict read_content(enum dkim_form form, const struct dkim_field_tags *tags,
	struct dkim_field *f, const char **why)
{
	const struct dkim_field_tag *how = dkim_field_tag(tags, "c");
	size_t n;

	f->header = f->body = form == DKIM_ARC_MESSAGE ? DKIM_CANON_RELAXED : DKIM_CANON_SIMPLE;
	if (how && !dkim_canon_parse(how->value, &f->header, &f->body))
		return say(why, DKIM_NEUTRAL, "unknown canonicalization in c=");
	if (!read_binary(value_of(tags, "bh"), f->body_digest, sizeof f->body_digest, &n) ||
		n != sizeof f->body_digest)
		return say(why, DKIM_NEUTRAL, "bh= is no SHA-256 digest");
	return DKIM_PASS;
}

static enum dkim_verdict read_rest(
	const struct dkim_field_tags *tags, struct dkim_field *f, const char **why)
{
	if (!by_dns(tags))
		return say(why, DKIM_NEUTRAL, "unknown way to the key in q=");
	if (!read_binary(f->b, f->signature, sizeof f->signature, &f->signature_n))
		return say(why, DKIM_NEUTRAL, "b= is no signature");
	if (!read_number(tags, "l", &f->has_length, &f->length) ||
		!read_number(tags, "t", &f->has_signed_at, &f->signed_at_s) ||
		!read_number(tags, "x", &f->has_expires, &f->expires_s))
		return say(why, DKIM_NEUTRAL, "l=, t= or x= is no number");
	if (f->has_expires && f->has_signed_at && f->expires_s <= f->signed_at_s)
		return say(why, DKIM_NEUTRAL, "x= is not after t=");
	return DKIM_PASS;
}

static bool is_whole(enum dkim_form form, const struct dkim_field_tags *tags)
{
	static const char *const needed[][8] = {
		[DKIM_SIGNATURE] = {"v",   "a", "b",  "bh",  "d", "h", "s" },
		[DKIM_ARC_MESSAGE] = { "a",  "b",  "bh",     "d",       "s" },
		[DKIM_ARC_SEAL] = { "a", "b","d","s"},
	};

	for (size_t i = 0; needed[form][i]; i++)
		if (value_of(tags, needed[form][i]).n == 0)
			return false;
	return form != DKIM_ARC_MESSAGE || dkim_field_tag(tags, "h");
}

enum dkim_verdict dkim_field_parse(
	enum dkim_form form, str value, struct dkim_field *f, const char **why)
{
	struct dkim_field_tags tags;
	enum dkim_verdict got;

	*f = (struct dkim_field){ 0 };
	if (value.n > DKIM_FIELD_OCTETS_MAX)
		return say(why, DKIM_NEUTRAL, "the signature field is too long");
	if (!dkim_field_tags(value, &tags))
		return say(why, DKIM_NEUTRAL, "the signature field is malformed");
	f->domain = value_of(&tags, "d");
	f->selector = value_of(&tags, "s");
	if (form == DKIM_SIGNATURE)
		f->identity = value_of(&tags, "i");
	f->names = value_of(&tags, "h");
	if (!is_whole(form, &tags))
		return say(why, DKIM_PERMERROR, "a tag that must be there is missing");
	f->b = dkim_field_tag(&tags, "b")->raw;
	if (form == DKIM_SIGNATURE && !str_eq(value_of(&tags, "v"), S("1")))
		return say(why, DKIM_NEUTRAL, "unknown version in v=");
	if (form == DKIM_ARC_SEAL && dkim_field_tag(&tags, "h"))
		return say(why, DKIM_PERMERROR, "a seal has no h=");
	got = read_algorithm(f, value_of(&tags, "a"), why);
	if (got == DKIM_PASS)
		got = read_rest(&tags, f, why);
	if (got == DKIM_PASS && form != DKIM_ARC_SEAL)
		got = read_content(form, &tags, f, why);
	if (got == DKIM_PASS && form == DKIM_SIGNATURE)
		got = read_signed_names(f->names, why);
	return got == DKIM_PASS ? read_names(f, why) : got;
}
