#include "sender/dkim_body.h"

#include <assert.h>

#include <openssl/evp.h>

size_t dkim_body_want(struct dkim_body *b, enum dkim_canon how, uint64_t octets_max)
{
	struct dkim_body_digest *d;

	for (size_t i = 0; i < b->count; i++)
		if (b->digests[i].how == how && b->digests[i].octets_max == octets_max)
			return i;
	assert(b->count < DKIM_BODY_DIGESTS_MAX);
	d = &b->digests[b->count];
	*d = (struct dkim_body_digest){
		.how = how, .octets_max = octets_max, .sum = EVP_MD_CTX_new()
	};
	EVP_DigestInit_ex(d->sum, EVP_sha256(), NULL);
	b->forms[how].how = how;
	return b->count++;
}

static bool wants(const struct dkim_body *b, enum dkim_canon how)
{
	for (size_t i = 0; i < b->count; i++)
		if (b->digests[i].how == how)
			return true;
	return false;
}

static void hash(struct dkim_body *b, enum dkim_canon how, str form)
{
	for (size_t i = 0; i < b->count; i++) {
		struct dkim_body_digest *d = &b->digests[i];
		uint64_t room;

		if (d->how != how)
			continue;
		room = d->octets_max > d->octets_seen ? d->octets_max - d->octets_seen : 0;
		EVP_DigestUpdate(d->sum, form.p, form.n < room ? form.n : (size_t)room);
		d->octets_seen += form.n;
	}
}

void dkim_body_feed(struct dkim_body *b, str bytes)
{
	for (enum dkim_canon how = DKIM_CANON_SIMPLE; how <= DKIM_CANON_RELAXED; how++) {
		str rest = bytes;

		while (wants(b, how) && rest.n > 0)
			hash(b, how, dkim_canon_take(&b->forms[how], &rest));
	}
}

void dkim_body_end(struct dkim_body *b)
{
	for (enum dkim_canon how = DKIM_CANON_SIMPLE; how <= DKIM_CANON_RELAXED; how++) {
		str form;

		while (wants(b, how) && (form = dkim_canon_end(&b->forms[how])).n > 0)
			hash(b, how, form);
	}
	for (size_t i = 0; i < b->count; i++)
		EVP_DigestFinal_ex(b->digests[i].sum, b->digests[i].digest, NULL);
}

void dkim_body_free(struct dkim_body *b)
{
	for (size_t i = 0; i < b->count; i++)
		EVP_MD_CTX_free(b->digests[i].sum);
	b->count = 0;
}
