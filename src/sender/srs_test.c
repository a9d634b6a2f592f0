#include "test/test.h"

#include "base/ascii.h"
#include "base/list.h"
#include "sender/srs.h"

#define DAY_S 86400
#define NOW_S (20000LL * DAY_S + 5)

#define NEW "a secret of sixteen octets"
#define OLD "another one, an older one"

/* A key whose secrets are these. */
struct fixed {
	struct srs_key key;
	struct srs_secrets secrets;
};

static bool fixed_mac(struct srs_key *k, str text, struct srs_macs *to, struct fail *why)
{
	(void)why;
	srs_key_macs(&AROUND(k, struct fixed, key)->secrets, text, to);
	return true;
}

static struct fixed both = {
	{.references = 1,			    .mac = fixed_mac},
	{ .items = { STR_INIT(NEW), STR_INIT(OLD) }, .count = 2      }
};
static struct fixed old = {
	{.references = 1,             .mac = fixed_mac},
        { .items = { STR_INIT(OLD) }, .count = 1      }
};
static struct fixed strange = {
	{.references = 1,				 .mac = fixed_mac},
	{ .items = { STR_INIT("nobody knows this one") }, .count = 1      }
};
static const struct srs ours = {
	.domain = STR_INIT("fwd.test"), .key = &both.key, .valid_days = 21
};
static const struct srs theirs = {
	.domain = STR_INIT("other.test"), .key = &old.key, .valid_days = 5
};

static enum srs_verdict decode(const struct srs *s, str local, int64_t wall_s, char *back)
{
	struct fail why = { 0 };

	return srs_decode(s, local, wall_s, back, &why);
}

static str encode(const struct srs *s, str sender, char to[ADDRESS_MAX + 1])
{
	struct fail why = { 0 };

	CHECK(srs_encode(s, sender, NOW_S, to, &why));
	return str_of(to);
}

TEST(srs_comes_back_as_it_went)
{
	static const str senders[] = { STR_INIT("u@a.test"), STR_INIT("U.x+y=z@A.Test"),
		STR_INIT("\"a b\\\"c\"@a.test"), STR_INIT("u@[192.0.2.1]"), STR_INIT("\"\"@a.test"),
		STR_INIT("b\303\274@b\303\274.test"), STR_INIT("SRS0@a.test"),
		STR_INIT("SRS0=x@a.test"), STR_INIT("srs1-@a.test") };
	char to[ADDRESS_MAX + 1], back[ADDRESS_MAX + 1];

	for (size_t i = 0; i < LENGTH(senders); i++) {
		str address = encode(&ours, senders[i], to);

		CHECK(str_ends(address, S("@fwd.test")));
		CHECK_INT(decode(&ours, address_local(address), NOW_S, back), SRS_GOOD);
		CHECK_STR(str_of(back), senders[i]);
	}
	CHECK(str_starts(encode(&ours, S("u@a.test"), to), S("SRS0=")));
	CHECK(str_ends(str_of(to), S("=ra=a.test=u@fwd.test")));
}

TEST(srs_of_others_goes_back_to_the_first)
{
	char first[ADDRESS_MAX + 1], second[ADDRESS_MAX + 1], third[ADDRESS_MAX + 1],
		back[ADDRESS_MAX + 1];

	encode(&theirs, S("u@a.test"), first);
	encode(&ours, str_of(first), second);
	CHECK(str_starts(str_of(second), S("SRS1=")));
	CHECK_INT(decode(&ours, address_local(str_of(second)), NOW_S, back), SRS_GOOD);
	CHECK_STR(str_of(back), str_of(first));
	encode(&theirs, str_of(second), third);
	CHECK(str_starts(str_of(third), S("SRS1=")));
	CHECK_INT(decode(&theirs, address_local(str_of(third)), NOW_S, back), SRS_GOOD);
	CHECK_STR(str_of(back), str_of(first));
}

/* By hand, with: printf 0ra=a.test=u | openssl dgst -sha256 -mac HMAC -macopt key:... and base32.
 */
TEST(srs_hash_is_what_it_says)
{
	char to[ADDRESS_MAX + 1];

	CHECK_STR(encode(&ours, S("u@a.test"), to), S("SRS0=fsikncrb=ra=a.test=u@fwd.test"));
}

TEST(srs_expires_and_survives_a_new_secret)
{
	struct srs before = ours, unknown = ours;
	char to[ADDRESS_MAX + 1], back[ADDRESS_MAX + 1];
	str local;

	before.key = &old.key;
	unknown.key = &strange.key;
	local = address_local(encode(&before, S("u@a.test"), to));
	CHECK_INT(decode(&ours, local, NOW_S + 21 * DAY_S, back), SRS_GOOD);
	CHECK_INT(decode(&ours, local, NOW_S + 22 * DAY_S, back), SRS_EXPIRED);
	CHECK_INT(decode(&ours, local, NOW_S - DAY_S, back), SRS_GOOD);
	CHECK_INT(decode(&ours, local, NOW_S - 2 * DAY_S, back), SRS_EXPIRED);
	CHECK_INT(decode(&unknown, local, NOW_S, back), SRS_FORGED);
}

TEST(srs_folded_on_the_way_is_still_ours_and_changed_is_not)
{
	char to[ADDRESS_MAX + 1], changed[ADDRESS_MAX + 1], back[ADDRESS_MAX + 1];
	str local = address_local(encode(&ours, S("user@a.test"), to));

	memcpy(changed, to, sizeof changed);
	for (size_t i = 0; i < local.n; i++)
		changed[i] = ascii_lower(changed[i]);
	CHECK_INT(decode(&ours, str_from(changed, local.n), NOW_S, back), SRS_GOOD);
	CHECK_STR(str_of(back), S("user@a.test"));
	for (size_t i = 5; i < local.n; i++) {
		memcpy(changed, to, sizeof changed);
		changed[i] = changed[i] == 'k' ? 'l' : 'k';
		CHECK_INT(decode(&ours, str_from(changed, local.n), NOW_S, back), SRS_FORGED);
	}
}

TEST(srs_knows_what_is_none)
{
	static const struct {
		str local;
		enum srs_verdict verdict;
	} cases[] = {
		{S("u"),             SRS_NONE  },
		{ S("SRS0"),         SRS_NONE  },
		{ S("SRS0="),        SRS_NONE  },
		{ S("SRS2=a=b"),     SRS_NONE  },
		{ S("SRS0=a"),       SRS_FORGED},
		{ S("SRS1=a=b"),     SRS_FORGED},
		{ S("srs0+a=b=c=d"), SRS_FORGED},
	};
	char to[ADDRESS_MAX + 1], longest[260];
	struct fail why = { 0 };

	for (size_t i = 0; i < LENGTH(cases); i++)
		CHECK_INT(decode(&ours, cases[i].local, NOW_S, to), cases[i].verdict);
	memset(longest, 'x', sizeof longest);
	memcpy(longest + 230, "@a.test", 7);
	CHECK(!srs_encode(&ours, str_from(longest, 237), NOW_S, to, &why));
	CHECK_STR(str_of(why.text), S("the rewritten sender would be too long"));
	CHECK(!srs_encode(&ours, S(""), NOW_S, to, &why));
	CHECK(!srs_encode(&ours, S("u"), NOW_S, to, &why));
}

static bool no_mac(struct srs_key *k, str text, struct srs_macs *to, struct fail *why)
{
	(void)k;
	(void)text;
	(void)to;
	return fail_with(why, FAIL_TEMPORARY, "4.3.0", "not now");
}

TEST(srs_says_when_its_key_fails)
{
	struct srs_key broken = { .references = 1, .mac = no_mac };
	struct srs s = ours;
	char to[ADDRESS_MAX + 1], back[ADDRESS_MAX + 1];
	struct fail why = { 0 };
	str local = address_local(encode(&ours, S("u@a.test"), to));

	s.key = &broken;
	CHECK_INT(srs_decode(&s, local, NOW_S, back, &why), SRS_TROUBLE);
	CHECK_STR(str_of(why.text), S("not now"));
	CHECK(!srs_encode(&s, S("u@a.test"), NOW_S, back, &why));
	CHECK_INT(why.kind, FAIL_TEMPORARY);
	CHECK_INT(srs_decode(&s, S("SRS0=a"), NOW_S, back, &why), SRS_FORGED);
}

TEST(srs_key_reads_a_file_of_secrets)
{
	struct srs s = ours;
	char to[ADDRESS_MAX + 1];
	struct fail why = { 0 };

	s.key = srs_key_of(S("f"), S("# new\n  " NEW "\r\n\n" OLD "\n"), &why);
	CHECK(s.key);
	CHECK_STR(encode(&s, S("u@a.test"), to), S("SRS0=fsikncrb=ra=a.test=u@fwd.test"));
	srs_key_drop(srs_key_keep(s.key));
	srs_key_drop(s.key);
	CHECK(!srs_key_of(S("f"), S("# nothing\n"), &why));
	CHECK_STR(str_of(why.text), S("f:1:1: there is no secret; 'facteur srs secret' makes one"));
	CHECK(!srs_key_of(S("f"), S("# new\ntoo short\n"), &why));
	CHECK(str_starts(str_of(why.text), S("f:2:1: a secret is 16 to 1024 octets long")));
	CHECK(!srs_key_of(S("f"),
		S(NEW "\n" NEW "\n" NEW "\n" NEW "\n" NEW "\n" NEW "\n" NEW "\n" NEW "\n" NEW "\n"),
		&why));
	CHECK_STR(str_of(why.text), S("f:9:1: more than 8 secrets"));
}
