#include "sender/dkim_header.h"

#include <openssl/evp.h>

#include "base/mem.h"
#include "mail/mime.h"

#define STEP_OCTETS 4096 /* kept at once: what is behind the header is copied once at most */

/* The next field off *rest, whose first line was found to be one. */
static str take_field(str *rest)
{
	size_t n = 0;

	do
		n += str_find(str_skip(*rest, n), '\n') + 1;
	while (n < rest->n && (rest->p[n] == ' ' || rest->p[n] == '\t'));
	str field = str_first(*rest, n);

	*rest = str_skip(*rest, n);
	if (str_ends(field, S("\n")))
		field.n--;
	if (str_ends(field, S("\r")))
		field.n--;
	return field;
}

static void split(struct dkim_header *h)
{
	str all = str_first(buf_str(&h->bytes), h->octets), rest = all;
	size_t count = 0, octets;

	while (rest.n > 0) {
		(void)take_field(&rest);
		count++;
	}
	h->over = true;
	h->too_large |= count > DKIM_HEADER_FIELDS_MAX;
	if (h->too_large || count == 0)
		return;
	h->fields = mem_zero(count * sizeof *h->fields);
	for (; all.n > 0; h->count++) {
		struct dkim_header_field *f = &h->fields[h->count];

		f->text = take_field(&all);
		if (mime_field(f->text, &f->name, &octets) != SCAN_DONE)
			f->name = S("");
	}
}

void dkim_header_feed(struct dkim_header *h, str *bytes)
{
	while (bytes->n > 0 && !h->over) {
		str step = str_first(*bytes, STEP_OCTETS);

		h->bytes.limit_octets = DKIM_HEADER_OCTETS_MAX + STEP_OCTETS;
		if (!buf_add(&h->bytes, step)) {
			h->too_large = h->over = true;
			return;
		}
		*bytes = str_skip(*bytes, step.n);
		h->octets += header_scan_feed(&h->scan, str_skip(buf_str(&h->bytes), h->octets));
		h->too_large |= h->octets > DKIM_HEADER_OCTETS_MAX;
		if (h->scan.over)
			split(h);
	}
}

void dkim_header_end(struct dkim_header *h)
{
	if (h->over)
		return;
	h->octets = buf_str(&h->bytes).n;
	split(h);
}

void dkim_header_free(struct dkim_header *h)
{
	buf_free(&h->bytes);
	mem_free(h->fields);
	*h = (struct dkim_header){ 0 };
}

str dkim_header_rest(const struct dkim_header *h)
{
	str rest = str_skip(buf_str(&h->bytes), h->octets);

	if (h->scan.malformed)
		return rest; /* as if the empty line stood before it */
	if (str_starts(rest, S("\r\n")))
		return str_skip(rest, 2);
	return str_starts(rest, S("\n")) ? str_skip(rest, 1) : rest;
}

size_t dkim_header_count(const struct dkim_header *h, str name)
{
	size_t n = 0;

	for (size_t i = 0; i < h->count; i++)
		n += str_eq_nocase(h->fields[i].name, name);
	return n;
}

static struct dkim_header_field *take(struct dkim_header *h, str name)
{
	for (size_t i = h->count; i-- > 0;)
		if (!h->fields[i].taken && str_eq_nocase(h->fields[i].name, name)) {
			h->fields[i].taken = true;
			return &h->fields[i];
		}
	return NULL;
}

void dkim_header_digest(struct dkim_header *h, enum dkim_canon how, str names,
	const struct dkim_header_field *own, str before, str behind,
	uint8_t digest[DKIM_FIELD_DIGEST])
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	struct buf form = { 0 }, field = { 0 };
	struct dkim_header_field *f;
	str name;

	EVP_DigestInit_ex(c, EVP_sha256(), NULL);
	for (size_t i = 0; i < h->count; i++)
		h->fields[i].taken = &h->fields[i] == own;
	while (dkim_field_word(&names, &name)) {
		f = take(h, name);
		if (!f)
			continue;
		buf_clear(&form);
		dkim_canon_field(how, f->text, &form);
		buf_put(&form, S("\r\n"));
		EVP_DigestUpdate(c, buf_str(&form).p, buf_str(&form).n);
	}
	buf_put(&field, before);
	buf_put(&field, behind);
	buf_clear(&form);
	dkim_canon_field(how, buf_str(&field), &form);
	EVP_DigestUpdate(c, buf_str(&form).p, buf_str(&form).n);
	EVP_DigestFinal_ex(c, digest, NULL);
	EVP_MD_CTX_free(c);
	buf_free(&form);
	buf_free(&field);
}
