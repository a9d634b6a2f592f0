#include "sender/arc_set.h"

#include <openssl/evp.h>

#include "base/number.h"

const char *arc_set_cv(enum arc_cv cv)
{
	static const char *const names[] = {
		[ARC_NONE] = "none", [ARC_PASS] = "pass", [ARC_FAIL] = "fail"
	};

	return names[cv];
}

static str value_of(const struct dkim_header_field *f)
{
	str value = f->text, name;

	str_cut(&value, ':', &name);
	return value;
}

/* i= has no sign, no leading zero, and a place in the chain. */
static bool read_instance(str text, size_t *instance)
{
	uint64_t n;

	if (!number_parse(text, ARC_SETS_MAX, &n) || n == 0 || text.p[0] == '0')
		return false;
	*instance = (size_t)n;
	return true;
}

/* The first tag of results, and what stands behind it. */
static bool read_results(str value, size_t *instance, str *rest)
{
	str tag, name;

	*rest = value;
	if (!str_cut(rest, ';', &tag))
		return false;
	return str_cut(&tag, '=', &name) && str_eq(str_trim(name), S("i")) &&
	       read_instance(str_trim(tag), instance);
}

static bool read_tagged(str value, size_t *instance)
{
	const struct dkim_field_tag *i;
	struct dkim_field_tags tags;

	if (!dkim_field_tags(value, &tags))
		return false;
	i = dkim_field_tag(&tags, "i");
	return i && read_instance(i->value, instance);
}

static bool read_cv(str value, enum arc_cv *cv)
{
	const struct dkim_field_tag *tag;
	struct dkim_field_tags tags;

	if (!dkim_field_tags(value, &tags))
		return false;
	tag = dkim_field_tag(&tags, "cv");
	for (int i = ARC_NONE; tag && i <= ARC_FAIL; i++)
		if (str_eq_nocase(tag->value, str_of(arc_set_cv((enum arc_cv)i)))) {
			*cv = (enum arc_cv)i;
			return true;
		}
	return false;
}

/* --- gathering ---------------------------------------------------------------------------------
 */

static void fault(struct arc_sets *s, const char *text)
{
	if (!s->fault)
		s->fault = text;
}

static void put(struct arc_sets *s, size_t instance, const struct dkim_header_field *f,
	const struct dkim_header_field **place)
{
	if (*place)
		fault(s, "a field of a set is there twice");
	*place = f;
	if (instance > s->count)
		s->count = instance;
}

static void take(struct arc_sets *s, const struct dkim_header_field *f)
{
	bool results = str_eq_nocase(f->name, S("ARC-Authentication-Results"));
	bool message = str_eq_nocase(f->name, S("ARC-Message-Signature"));
	bool seal = str_eq_nocase(f->name, S("ARC-Seal"));
	struct arc_set *set;
	size_t i;
	str rest;

	if (!results && !message && !seal)
		return;
	if (results ? !read_results(value_of(f), &i, &rest) : !read_tagged(value_of(f), &i)) {
		fault(s, "a field of a set says no i= from 1 to 50");
		return;
	}
	set = &s->items[i - 1];
	if (seal && !read_cv(value_of(f), &set->cv))
		fault(s, "a seal says no cv=");
	put(s, i, f, results ? &set->results : message ? &set->message : &set->seal);
}

void arc_set_gather(const struct dkim_header *h, struct arc_sets *sets)
{
	*sets = (struct arc_sets){ 0 };
	for (size_t i = 0; i < h->count; i++)
		take(sets, &h->fields[i]);
	for (size_t i = 0; i < sets->count; i++) {
		const struct arc_set *set = &sets->items[i];

		if (!set->results || !set->message || !set->seal)
			fault(sets, "a set is not whole");
		else if (i == 0 && set->cv == ARC_PASS)
			fault(sets, "the first seal says that there was a chain before it");
		else if (i > 0 && set->cv == ARC_NONE)
			fault(sets, "a later seal says that there was no chain before it");
		else if (set->cv == ARC_FAIL)
			fault(sets, "a seal says that the chain had failed");
	}
}

str arc_set_results(const struct arc_set *set)
{
	size_t instance;
	str rest;

	return read_results(value_of(set->results), &instance, &rest) ? str_trim(rest) : S("");
}

/* --- digests -----------------------------------------------------------------------------------
 */

void arc_set_add(EVP_MD_CTX *sum, str field)
{
	struct buf form = { 0 };

	dkim_canon_field(DKIM_CANON_RELAXED, field, &form);
	buf_put(&form, S("\r\n"));
	EVP_DigestUpdate(sum, buf_str(&form).p, buf_str(&form).n);
	buf_free(&form);
}

void arc_set_digest(
	const EVP_MD_CTX *sum, str before, str behind, uint8_t digest[DKIM_FIELD_DIGEST])
{
	EVP_MD_CTX *all = EVP_MD_CTX_new();
	struct buf seal = { 0 }, form = { 0 };

	buf_put(&seal, before);
	buf_put(&seal, behind);
	dkim_canon_field(DKIM_CANON_RELAXED, buf_str(&seal), &form);
	EVP_MD_CTX_copy_ex(all, sum);
	EVP_DigestUpdate(all, buf_str(&form).p, buf_str(&form).n);
	EVP_DigestFinal_ex(all, digest, NULL);
	EVP_MD_CTX_free(all);
	buf_free(&seal);
	buf_free(&form);
}
