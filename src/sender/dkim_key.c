#include "sender/dkim_key.h"

#include <limits.h>

#include <openssl/asn1.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/mem.h"
#include "dns/name.h"
#include "mail/address.h"

#define ED25519_OCTETS 32

struct dkim_key {
	enum dkim_verdict verdict; /* PASS: there is a key */
	const char *why;
	enum dkim_algorithm algorithm;
	bool testing, strict;
	unsigned bits;
	EVP_PKEY *pkey;
};

static bool refuse(struct dkim_key *k, enum dkim_verdict verdict, const char *why)
{
	k->verdict = verdict;
	k->why = why;
	return false;
}

/* Is word, or "*", in the list of a tag?  A missing tag allows everything. */
static bool lists(const struct dkim_field_tags *tags, const char *name, str word)
{
	const struct dkim_field_tag *tag = dkim_field_tag(tags, name);
	str list, one;

	if (!tag)
		return true;
	list = tag->value;
	while (dkim_field_word(&list, &one))
		if (str_eq_nocase(one, word) || str_eq(one, S("*")))
			return true;
	return false;
}

static bool has_flag(const struct dkim_field_tags *tags, str flag)
{
	return dkim_field_tag(tags, "t") && lists(tags, "t", flag);
}

/* Enter the element that der begins with; false: it is another one, or cut off. */
static bool enter(str *der, int tag)
{
	const unsigned char *p = (const unsigned char *)der->p;
	int got, class;
	long n;

	if (der->n > LONG_MAX || (ASN1_get_object(&p, &n, &got, &class, (long)der->n) & 0x81) ||
		got != tag || class != V_ASN1_UNIVERSAL)
		return false;
	*der = str_from(p, (size_t)n);
	return true;
}

/* The RSAPublicKey within a SubjectPublicKeyInfo (RFC 3279 section 2.3.1).  OpenSSL's own decoder
 * does this, too, and takes ten times as long as the verification. */
static bool unwrap(str *der)
{
	static const str rsa_encryption =
		STR_INIT("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00");
	str in = *der;

	if (!enter(&in, V_ASN1_SEQUENCE) || in.p + in.n != der->p + der->n ||
		!str_starts(in, rsa_encryption))
		return false;
	in = str_skip(in, rsa_encryption.n);
	if (!enter(&in, V_ASN1_BIT_STRING) || in.n < 2 || in.p[0] != 0 ||
		in.p + in.n != der->p + der->n)
		return false;
	*der = str_skip(in, 1); /* the count of unused bits */
	return true;
}

/* The RFC shows a SubjectPublicKeyInfo and says RSAPublicKey; both are in use. */
static EVP_PKEY *read_rsa(str der)
{
	const unsigned char *p;
	EVP_PKEY *pkey;

	(void)unwrap(&der);
	p = (const unsigned char *)der.p;
	pkey = d2i_PublicKey(EVP_PKEY_RSA, NULL, &p, (long)der.n);
	if (pkey && p == (const unsigned char *)der.p + der.n)
		return pkey;
	EVP_PKEY_free(pkey);
	return NULL;
}

/* A large exponent makes verifying as dear as signing. */
static bool exponent_fits(const EVP_PKEY *pkey)
{
	BIGNUM *e = NULL;
	bool ok = EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e) == 1 &&
		  BN_num_bits(e) <= DKIM_KEY_EXPONENT_BITS_MAX;

	BN_free(e);
	return ok;
}

static bool read_key(struct dkim_key *k, str octets)
{
	if (k->algorithm == DKIM_ED25519_SHA256) {
		if (octets.n != ED25519_OCTETS)
			return refuse(k, DKIM_PERMERROR, "the key is no Ed25519 key");
		k->pkey = EVP_PKEY_new_raw_public_key(
			EVP_PKEY_ED25519, NULL, (const unsigned char *)octets.p, octets.n);
		k->bits = ED25519_OCTETS * 8;
	} else {
		k->pkey = read_rsa(octets);
		k->bits = k->pkey ? (unsigned)EVP_PKEY_get_bits(k->pkey) : 0;
	}
	if (!k->pkey)
		return refuse(k, DKIM_PERMERROR, "the key is malformed");
	if (k->algorithm == DKIM_ED25519_SHA256)
		return true;
	if (k->bits < DKIM_KEY_BITS_MIN)
		return refuse(k, DKIM_POLICY, "the key has less than 1024 bits");
	if (k->bits > DKIM_KEY_BITS_MAX)
		return refuse(k, DKIM_POLICY, "the key has more than 4096 bits");
	return exponent_fits(k->pkey) || refuse(k, DKIM_POLICY, "the key's exponent is too large");
}

static bool read_kind(struct dkim_key *k, const struct dkim_field_tags *tags)
{
	const struct dkim_field_tag *kind = dkim_field_tag(tags, "k");

	if (!kind || str_eq_nocase(kind->value, S("rsa")))
		k->algorithm = DKIM_RSA_SHA256;
	else if (str_eq_nocase(kind->value, S("ed25519")))
		k->algorithm = DKIM_ED25519_SHA256;
	else
		return refuse(k, DKIM_PERMERROR, "the key is of an unknown kind");
	return true;
}

static bool read_record(struct dkim_key *k, str text)
{
	struct buf octets = { .limit_octets = DKIM_KEY_RECORD_MAX };
	const struct dkim_field_tag *version, *p;
	struct dkim_field_tags tags;
	bool ok;

	if (text.n > DKIM_KEY_RECORD_MAX || !dkim_field_tags(text, &tags))
		return refuse(k, DKIM_PERMERROR, "the key record is malformed");
	version = dkim_field_tag(&tags, "v");
	if (version && (version != tags.items || !str_eq(version->value, S("DKIM1"))))
		return refuse(k, DKIM_PERMERROR, "the key record is of an unknown version");
	p = dkim_field_tag(&tags, "p");
	if (!p)
		return refuse(k, DKIM_PERMERROR, "the key record has no key");
	if (p->value.n == 0)
		return refuse(k, DKIM_PERMERROR, "the key was revoked");
	if (!read_kind(k, &tags))
		return false;
	if (!lists(&tags, "h", S("sha256")))
		return refuse(k, DKIM_PERMERROR, "the key is not for SHA-256");
	if (!lists(&tags, "s", S("email")))
		return refuse(k, DKIM_PERMERROR, "the key is not for mail");
	k->testing = has_flag(&tags, S("y"));
	k->strict = has_flag(&tags, S("s"));
	ok = dkim_field_base64(p->value, &octets) || refuse(k, DKIM_PERMERROR, "p= is no base64");
	ok = ok && read_key(k, buf_str(&octets));
	buf_free(&octets);
	return ok;
}

struct dkim_key *dkim_key_new(str text)
{
	struct dkim_key *k = MEM_NEW(struct dkim_key);

	k->why = "";
	if (read_record(k, text))
		k->verdict = DKIM_PASS;
	return k;
}

void dkim_key_free(struct dkim_key *k)
{
	if (!k)
		return;
	EVP_PKEY_free(k->pkey);
	mem_free(k);
}

enum dkim_verdict dkim_key_allows(
	const struct dkim_key *k, const struct dkim_field *f, const char **why)
{
	char identity[DNS_NAME_MAX + 1], domain[DNS_NAME_MAX + 1];

	*why = k->why ? k->why : "";
	if (k->verdict != DKIM_PASS)
		return k->verdict;
	if (k->algorithm != f->algorithm) {
		*why = "the key is of another kind than a= says";
		return DKIM_PERMERROR;
	}
	if (!k->strict || f->identity.n == 0)
		return DKIM_PASS;
	if (!dns_name_ascii(address_domain(f->identity), identity) ||
		!dns_name_ascii(f->domain, domain) || !str_eq(str_of(identity), str_of(domain))) {
		*why = "the key is for d= itself only (t=s), and i= is below it";
		return DKIM_PERMERROR;
	}
	return DKIM_PASS;
}

static bool verify_rsa(const struct dkim_key *k, const struct dkim_field *f, const uint8_t *digest)
{
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(k->pkey, NULL);
	bool ok = c && EVP_PKEY_verify_init(c) == 1 &&
		  EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_PADDING) == 1 &&
		  EVP_PKEY_CTX_set_signature_md(c, EVP_sha256()) == 1 &&
		  EVP_PKEY_verify(c, f->signature, f->signature_n, digest, DKIM_FIELD_DIGEST) == 1;

	EVP_PKEY_CTX_free(c);
	return ok;
}

/* RFC 8463 section 3: what is signed, by pure Ed25519, is the digest. */
static bool verify_ed25519(
	const struct dkim_key *k, const struct dkim_field *f, const uint8_t *digest)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	bool ok = c && EVP_DigestVerifyInit(c, NULL, NULL, NULL, k->pkey) == 1 &&
		  EVP_DigestVerify(c, f->signature, f->signature_n, digest, DKIM_FIELD_DIGEST) == 1;

	EVP_MD_CTX_free(c);
	return ok;
}

bool dkim_key_verify(const struct dkim_key *k, const struct dkim_field *f,
	const uint8_t digest[DKIM_FIELD_DIGEST])
{
	return k->algorithm == DKIM_RSA_SHA256 ? verify_rsa(k, f, digest)
					       : verify_ed25519(k, f, digest);
}

bool dkim_key_testing(const struct dkim_key *k)
{
	return k->testing;
}

unsigned dkim_key_bits(const struct dkim_key *k)
{
	return k->bits;
}
