#include "sender/dkim_sign.h"

#include "base/ascii.h"
#include "base/base64.h"
#include "base/mem.h"
#include "dns/name.h"
#include "sender/dkim_body.h"
#include "sender/dkim_header.h"

#define LINE_MAX_OCTETS 76 /* of what we fold */
#define NAMES_OCTETS_MAX 16384

/* RFC 6376 section 5.4.1, and what tells a reader what the content is. */
static const str usual[] = {
	STR_INIT("From"),
	STR_INIT("Reply-To"),
	STR_INIT("Subject"),
	STR_INIT("Date"),
	STR_INIT("To"),
	STR_INIT("Cc"),
	STR_INIT("Sender"),
	STR_INIT("Message-ID"),
	STR_INIT("In-Reply-To"),
	STR_INIT("References"),
	STR_INIT("MIME-Version"),
	STR_INIT("Content-Type"),
	STR_INIT("Content-Transfer-Encoding"),
	STR_INIT("Content-Disposition"),
	STR_INIT("Content-ID"),
	STR_INIT("Content-Description"),
	STR_INIT("Resent-From"),
	STR_INIT("Resent-Sender"),
	STR_INIT("Resent-To"),
	STR_INIT("Resent-Cc"),
	STR_INIT("Resent-Date"),
	STR_INIT("Resent-Message-ID"),
	STR_INIT("List-ID"),
	STR_INIT("List-Help"),
	STR_INIT("List-Unsubscribe"),
	STR_INIT("List-Unsubscribe-Post"),
	STR_INIT("List-Subscribe"),
	STR_INIT("List-Post"),
	STR_INIT("List-Owner"),
	STR_INIT("List-Archive"),
};

/* What a reader or a filter believes, and what no honest server adds on the way. */
static const str usual_oversigned[] = {
	STR_INIT("From"),
	STR_INIT("Subject"),
	STR_INIT("Date"),
	STR_INIT("To"),
	STR_INIT("Cc"),
	STR_INIT("MIME-Version"),
	STR_INIT("Content-Type"),
	STR_INIT("Content-Transfer-Encoding"),
};

struct dkim_sign {
	struct dkim_sign_setup setup;
	struct dkim_header header;
	struct dkim_body body;
	size_t digest;    /* of the body */
	struct buf names; /* h= */
	size_t column;    /* of the last line of what is being written */
};

struct dkim_sign *dkim_sign_new(const struct dkim_sign_setup *setup)
{
	struct dkim_sign *s = MEM_NEW(struct dkim_sign);

	s->setup = *setup;
	if (!setup->names) {
		s->setup.names = usual;
		s->setup.name_count = LENGTH(usual);
	}
	if (!setup->oversigned) {
		s->setup.oversigned = usual_oversigned;
		s->setup.oversigned_count = LENGTH(usual_oversigned);
	}
	s->digest = dkim_body_want(&s->body, setup->body, UINT64_MAX);
	return s;
}

void dkim_sign_free(struct dkim_sign *s)
{
	if (!s)
		return;
	dkim_header_free(&s->header);
	dkim_body_free(&s->body);
	buf_free(&s->names);
	mem_free(s);
}

void dkim_sign_feed(struct dkim_sign *s, str bytes)
{
	if (!s->header.over) {
		dkim_header_feed(&s->header, &bytes);
		if (!s->header.over)
			return;
		dkim_body_feed(&s->body, dkim_header_rest(&s->header));
	}
	dkim_body_feed(&s->body, bytes);
}

static bool has(const str *names, size_t count, str name)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq_nocase(names[i], name))
			return true;
	return false;
}

/* One word of h=, on a new line where the old one is full. */
static bool add_name(struct dkim_sign *s, str name)
{
	str between = s->names.end == s->names.start ? S("") : S(":");

	if (between.n > 0 && s->column + name.n + 1 > LINE_MAX_OCTETS) {
		between = S(":\r\n\t ");
		s->column = sizeof "\t " - 1;
	}
	s->column += name.n + 1;
	if (!buf_add(&s->names, between))
		return false;
	for (size_t i = 0; i < name.n; i++) {
		char c = ascii_lower(name.p[i]);

		if (!buf_add(&s->names, str_from(&c, 1)))
			return false;
	}
	return true;
}

static bool add_names(struct dkim_sign *s, str name, size_t *total)
{
	const struct dkim_sign_setup *setup = &s->setup;
	size_t n = dkim_header_count(&s->header, name);

	if (str_eq_nocase(name, S("From")) || has(setup->oversigned, setup->oversigned_count, name))
		n++;
	*total += n;
	for (; n > 0 && *total <= DKIM_FIELD_NAMES_MAX; n--)
		if (!add_name(s, name))
			return false;
	return *total <= DKIM_FIELD_NAMES_MAX;
}

static bool choose_names(struct dkim_sign *s, struct fail *why)
{
	const struct dkim_sign_setup *setup = &s->setup;
	size_t total = 0;
	bool ok;

	if (s->header.too_large)
		return fail_with(why, FAIL_PERMANENT, "5.7.20", "the header is too large to sign");
	if (dkim_header_count(&s->header, S("From")) == 0)
		return fail_with(why, FAIL_PERMANENT, "5.7.20", "no From field to sign");
	s->names.limit_octets = NAMES_OCTETS_MAX;
	s->column = sizeof "\th=" - 1;
	ok = add_names(s, S("From"), &total);
	for (size_t i = 0; i < setup->name_count && ok; i++)
		if (!str_eq_nocase(setup->names[i], S("From")) &&
			!has(setup->names, i, setup->names[i]))
			ok = add_names(s, setup->names[i], &total);
	return ok || fail_with(why, FAIL_PERMANENT, "5.7.20", "too many fields to sign");
}

static void put_base64(const uint8_t *octets, size_t n, size_t column, struct buf *to)
{
	struct buf text = { 0 };
	str rest;

	if (!base64_encode(str_from(octets, n), &text))
		return; /* without a limit it cannot fail */
	rest = buf_str(&text);
	while (rest.n > 0) {
		size_t room = LINE_MAX_OCTETS - column;

		buf_put(to, str_first(rest, room));
		rest = str_skip(rest, room);
		column = sizeof "\t " - 1;
		if (rest.n > 0)
			buf_put(to, S("\r\n\t "));
	}
	buf_free(&text);
}

/* The field up to the value of b=, which comes last. */
static void put_front(const struct dkim_sign *s, const struct dkim_sign_key *key,
	const char *domain, const char *selector, struct buf *to)
{
	const struct dkim_sign_setup *setup = &s->setup;

	if (setup->arc_instance > 0)
		buf_putf(to, "ARC-Message-Signature: i=%u", setup->arc_instance);
	else
		buf_put(to, S("DKIM-Signature: v=1"));
	buf_putf(to, "; a=%s; c=%s/%s;\r\n\td=%s; s=%s; t=%lld",
		dkim_field_algorithm(key->signer->algorithm), dkim_canon_name(setup->header),
		dkim_canon_name(setup->body), domain, selector, (long long)setup->now_s);
	if (setup->expires_s > 0)
		buf_putf(to, "; x=%lld", (long long)(setup->now_s + setup->expires_s));
	if (key->identity.n > 0)
		buf_putf(to, ";\r\n\ti=%.*s", STR(key->identity));
	buf_put(to, S(";\r\n\th="));
	buf_put(to, buf_str(&s->names));
	buf_put(to, S(";\r\n\tbh="));
	put_base64(s->body.digests[s->digest].digest, DKIM_FIELD_DIGEST, sizeof "\tbh=" - 1, to);
	buf_put(to, S(";\r\n\tb="));
}

static bool put_field(
	struct dkim_sign *s, const struct dkim_sign_key *key, struct buf *to, struct fail *why)
{
	char domain[DNS_NAME_MAX + 1], selector[DNS_NAME_MAX + 1];
	uint8_t digest[DKIM_FIELD_DIGEST], signature[DKIM_FIELD_SIGNATURE_MAX];
	struct buf front = { 0 };
	size_t n = 0;
	bool ok;

	if (!dns_name_ascii(key->domain, domain) || !dns_name_ascii(key->selector, selector))
		return fail_with(why, FAIL_PERMANENT, "5.7.20",
			"no name to sign with: %.*s of %.*s", STR(key->selector), STR(key->domain));
	put_front(s, key, domain, selector, &front);
	dkim_header_digest(&s->header, s->setup.header, buf_str(&s->names), NULL, buf_str(&front),
		S(""), digest);
	ok = key->signer->sign(key->signer->owner, digest, signature, &n, why) ||
	     fail_while(why, " while signing as %s", domain);
	if (ok) {
		buf_put(to, buf_str(&front));
		put_base64(signature, n, sizeof "\tb=" - 1, to);
		buf_put(to, S("\r\n"));
	}
	buf_free(&front);
	return ok;
}

bool dkim_sign_end(struct dkim_sign *s, struct buf *fields, struct fail *why)
{
	struct buf all = { 0 };
	bool ok;

	dkim_header_end(&s->header);
	dkim_body_end(&s->body);
	ok = choose_names(s, why);
	for (size_t i = 0; i < s->setup.key_count && ok; i++)
		ok = put_field(s, &s->setup.keys[i], &all, why);
	if (ok)
		buf_put(fields, buf_str(&all));
	buf_free(&all);
	return ok;
}
