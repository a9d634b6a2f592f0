/* Laws: what is rewritten comes back the same, also when it was rewritten twice; it is an address;
 * one letter changed makes it a forgery; whoever does not know a secret of ours makes none that we
 * take for ours. */
#include "test/fuzz.h"

#include "base/ascii.h"
#include "sender/srs.h"

#define NOW_S 1700000000

static bool mac(struct srs_key *k, str text, struct srs_macs *to, struct fail *why)
{
	static const struct srs_secrets secrets = { { STR_INIT("a secret of sixteen octets") }, 1 };

	(void)k;
	(void)why;
	srs_key_macs(&secrets, text, to);
	return true;
}

static struct srs_key key = { .references = 1, .mac = mac };
static const struct srs ours = { .domain = STR_INIT("fwd.test"), .key = &key, .valid_days = 21 };

static bool eq(const char *a, str b)
{
	return str_eq(str_of(a), b);
}

/* The quotes of a local part that needs none go: compare what is meant. */
static void check_back(str sender, str back)
{
	char key[ADDRESS_KEY_MAX], other[ADDRESS_KEY_MAX];
	str a, b;

	LAW(address_key(sender, key, &a) && address_key(back, other, &b));
	LAW(str_eq(a, b));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char once[ADDRESS_MAX + 1], twice[ADDRESS_MAX + 1], back[ADDRESS_MAX + 1];
	str sender = str_from(data, size), local;
	struct fail why;

	LAW(srs_decode(&ours, sender, NOW_S, back, &why) == SRS_NONE ||
		srs_decode(&ours, sender, NOW_S, back, &why) == SRS_FORGED);
	if (!srs_encode(&ours, sender, NOW_S, once, &why))
		return 0;
	LAW(address_parse(str_of(once), true, &why));
	local = address_local(str_of(once));
	LAW(srs_decode(&ours, local, NOW_S, back, &why) == SRS_GOOD);
	if (str_starts(local, S("SRS0")) || str_starts(local, S("\"SRS0")))
		check_back(sender, str_of(back));
	if (srs_encode(&ours, str_of(once), NOW_S, twice, &why)) {
		LAW(srs_decode(&ours, address_local(str_of(twice)), NOW_S, back, &why) == SRS_GOOD);
		if (str_starts(local, S("SRS0")))
			LAW(eq(back, str_of(once)));
	}
	for (size_t i = 5 + (once[0] == '"'); i < local.n; i++) {
		char old = once[i];

		if (!ascii_letter(old))
			continue;
		once[i] = ascii_lower(old) == 'k' ? 'l' : 'k';
		LAW(srs_decode(&ours, local, NOW_S, back, &why) == SRS_FORGED);
		once[i] = old;
	}
	return 0;
}
