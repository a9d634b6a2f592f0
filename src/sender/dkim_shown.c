#include "sender/dkim_shown.h"

#include "sender/dkim_key.h"

const char *dkim_shown_name(enum dkim_shown shown)
{
	static const char *const names[] = { [DKIM_SHOWN_UNKNOWN] = "unknown",
		[DKIM_SHOWN_MISSING] = "missing",
		[DKIM_SHOWN_OTHER] = "other",
		[DKIM_SHOWN_YES] = "shown" };

	return names[shown];
}

static bool try(const struct dkim_key *key, const struct dkim_field *f, const uint8_t *digest,
	const char **why)
{
	if (dkim_key_allows(key, f, why) != DKIM_PASS)
		return false;
	if (dkim_key_verify(key, f, digest))
		return true;
	*why = "the record is of another key";
	return false;
}

/* Verifiers may take any of several records: all must be right. */
static enum dkim_shown judge_records(
	const struct dkim_field *f, const struct dns_records *records, const char **why)
{
	static const uint8_t digest[DKIM_FIELD_DIGEST];
	enum dkim_shown shown = DKIM_SHOWN_MISSING;

	*why = "there is no record";
	for (size_t i = 0; i < records->count && shown != DKIM_SHOWN_OTHER; i++) {
		struct dkim_key *key;

		if (records->records[i].type != DNS_TXT)
			continue;
		key = dkim_key_new(records->records[i].text);
		shown = try(key, f, digest, why) ? DKIM_SHOWN_YES : DKIM_SHOWN_OTHER;
		dkim_key_free(key);
	}
	return shown;
}

enum dkim_shown dkim_shown_judge(const struct dkim_signer *signer, str domain, str selector,
	enum dkim_answer answer, const struct dns_records *records, const char **why)
{
	static const uint8_t digest[DKIM_FIELD_DIGEST];
	struct dkim_field f = {
		.algorithm = signer->algorithm, .domain = domain, .selector = selector
	};
	struct fail unused;

	switch (answer) {
	case DKIM_TROUBLE:
		*why = "the look-up failed";
		return DKIM_SHOWN_UNKNOWN;
	case DKIM_MISSING:
		*why = "there is no record";
		return DKIM_SHOWN_MISSING;
	case DKIM_FOUND:
		break;
	}
	if (!signer->sign(signer->owner, digest, f.signature, &f.signature_n, &unused)) {
		*why = "the private key does not sign";
		return DKIM_SHOWN_UNKNOWN;
	}
	return judge_records(&f, records, why);
}

static bool chosen(const enum dkim_algorithm *algorithms, const bool *signs, size_t before,
	enum dkim_algorithm algorithm)
{
	for (size_t i = 0; i < before; i++)
		if (signs[i] && algorithms[i] == algorithm)
			return true;
	return false;
}

void dkim_shown_choose(const enum dkim_algorithm *algorithms, const enum dkim_shown *shown,
	size_t count, bool *signs)
{
	bool any = false;

	for (size_t i = 0; i < count; i++) {
		signs[i] =
			shown[i] == DKIM_SHOWN_YES && !chosen(algorithms, signs, i, algorithms[i]);
		any |= signs[i];
	}
	if (!any && count > 0)
		signs[count - 1] = true;
}
