/*
 * sender/dkim_field - tag lists, and the DKIM-Signature field as data
 *
 * RFC 6376 sections 3.2 and 3.5, RFC 8301, RFC 8463, RFC 8616 (names may be UTF-8), RFC 8617.  A
 * list with a tag twice, or with something that is no tag, is refused whole; unknown tags are
 * passed over. Everything that is found borrows the text.
 */
#ifndef SENDER_DKIM_FIELD_H
#define SENDER_DKIM_FIELD_H

#include "dns/record.h"
#include "sender/dkim_canon.h"

#define DKIM_FIELD_TAGS_MAX 32
#define DKIM_FIELD_NAMES_MAX 200     /* in h= */
#define DKIM_FIELD_SIGNATURE_MAX 512 /* octets that b= stands for: RSA of 4096 bits */
#define DKIM_FIELD_DIGEST 32         /* octets of SHA-256 */
#define DKIM_FIELD_OCTETS_MAX 16384  /* of one signature field */

struct dkim_field_tag {
	str name;
	str raw;   /* all that stands between "=" and ";" */
	str value; /* the same without white space at its ends */
};

struct dkim_field_tags {
	struct dkim_field_tag items[DKIM_FIELD_TAGS_MAX];
	size_t count;
};

/* False: it is no tag list. */
bool dkim_field_tags(str text, struct dkim_field_tags *tags) MUST_USE;

/* Null when there is no such tag.  Names are case-sensitive. */
const struct dkim_field_tag *dkim_field_tag(
	const struct dkim_field_tags *tags, const char *name) MUST_USE;

/* One of a list with colons between: takes it off *list, without white space around it. */
bool dkim_field_word(str *list, str *word) MUST_USE;

/* Append what base64 with white space in it encodes. */
bool dkim_field_base64(str text, struct buf *to) MUST_USE;

enum dkim_algorithm { DKIM_RSA_SHA256, DKIM_ED25519_SHA256 };
const char *dkim_field_algorithm(enum dkim_algorithm a); /* "rsa-sha256" */

/* What RFC 8601 section 2.7.1 calls the outcome.  Policy: a signature that might be right and that
 * we must not or will not count (SHA-1, key sizes). */
enum dkim_verdict {
	DKIM_NONE,
	DKIM_PASS,
	DKIM_FAIL,
	DKIM_POLICY,
	DKIM_NEUTRAL,
	DKIM_TEMPERROR,
	DKIM_PERMERROR,
};

struct dkim_field {
	enum dkim_algorithm algorithm;
	enum dkim_canon header, body;
	str domain, selector; /* as written */
	str identity;         /* i=, "" when there is none */
	str b;     /* as written, with its white space; it borrows the text that was parsed */
	str names; /* h=, a list for dkim_field_word */
	uint8_t body_digest[DKIM_FIELD_DIGEST];
	uint8_t signature[DKIM_FIELD_SIGNATURE_MAX];
	size_t signature_n;
	bool has_length, has_signed_at, has_expires;
	uint64_t length, signed_at_s, expires_s;
	char query[DNS_NAME_MAX + 1]; /* where its key is: selector._domainkey.domain, ASCII */
};

/* ARC's two fields (RFC 8617 section 4.1) are the same but for this: they have no v=, their i= is a
 * number, which is not read here; a seal has neither bh= nor h= nor c=; and a message signature may
 * name what it likes in h=, even nothing, and is relaxed where it has no c=. */
enum dkim_form { DKIM_SIGNATURE, DKIM_ARC_MESSAGE, DKIM_ARC_SEAL };

/* value: what stands behind the colon.  PASS: it can be judged; else what it is, and *why says so.
 * Domain and selector are set where they could be read. */
enum dkim_verdict dkim_field_parse(
	enum dkim_form form, str value, struct dkim_field *f, const char **why) MUST_USE;

#endif
