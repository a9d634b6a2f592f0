#include "mail/authres.h"

#include "test/test.h"

#include <stdio.h>

#include <jansson.h>

/* id | method=result reason type.name=value ... | and so on; null: it cannot be read */
static const struct {
	const char *body, *want;
} cases[] = {
	{" example.com; spf=pass smtp.mailfrom=example.net",
         "example.com|spf=pass smtp.mailfrom=example.net"											},
	{ "example.org 1; none",								    "example.org"                                },
	{ " example.org",									   "example.org"                                },
	{ " example.org;",									  "example.org"                                },
	{ " Example.ORG;\r\n\tDKIM=Pass (2048 bit; it is) reason=\"good; \\\"really\\\"\" "
	  "header.d=a.test\r\n header.i=@a.test;\r\n\tauth=fail smtp.auth=\"a b\"@c.test", "Example.ORG|dkim=pass good; \"really\" header.d=a.test header.i=@a.test|auth=fail "
		"smtp.auth=\"a b\"@c.test"    },
	{ " mx.test (of (some) kind) 1 (\\)one);dkim(why) / (v) 1 (x) = (y) fail (z) policy "
	  "(a) . (b) expired = (c) 1362471462",					    "mx.test|dkim=fail policy.expired=1362471462"},
	{ "mx.test; iprev=pass policy.iprev=2001:db8::1 (h.test)",
         "mx.test|iprev=pass policy.iprev=2001:db8::1"											   },
	{ "mx.test; dkim=pass header.b=a+b/c=;x=none",                                              "mx.test|dkim=pass header.b=a+b/c=|x=none"   },
	{ "\"mx test\"; spf=none",								  "mx test|spf=none"                           },
	{ "m\xc3\xbc"
	  "x.test; spf=none",							      "m\xc3\xbc"
		"x.test|spf=none"									  },
	{ "mx.test 2; spf=pass",								    NULL					 },
	{ "mx.test/1; spf=pass",								    NULL					 },
	{ "; spf=pass",									     NULL					 },
	{ "mx.test spf=pass",								       NULL					 },
	{ "mx.test (open; spf=pass",								NULL                                         },
	{ "mx.test; spf=",									  NULL					 },
	{ "mx.test; spf=pass smtp.mailfrom",							NULL                                         },
	{ "mx.test; spf=pass smtp.mailfrom=\"a",						    NULL                                         },
	{ "mx.test; none; spf=pass",								NULL                                         },
	{ "",										       NULL					 },
};

/* False: it cannot be read. */
static bool print(str body, struct buf *to)
{
	static struct authres_result r;
	struct authres a;
	enum authres_step step;

	if (!authres_open(body, &a))
		return false;
	buf_putf(to, "%s", a.id);
	while ((step = authres_next(&a, &r)) == AUTHRES_RESULT) {
		buf_putf(to, "|%s=%s%s%s", r.method, r.result, r.reason[0] ? " " : "", r.reason);
		for (size_t i = 0; i < r.count; i++)
			buf_putf(to, " %s.%s=%s", r.properties[i].type, r.properties[i].name,
				r.properties[i].value);
	}
	return step == AUTHRES_END;
}

TEST(authres_is_read)
{
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct buf got = { 0 };

		if (print(str_of(cases[i].body), &got) != (cases[i].want != NULL))
			fail_msg("%s", cases[i].body);
		if (cases[i].want)
			CHECK_STR(buf_str(&got), str_of(cases[i].want));
		buf_free(&got);
	}
}

TEST(authres_claims_to_be_ours)
{
	static const struct {
		const char *body;
		bool claims;
	} bodies[] = {
		{"pivot.test; spf=pass",                          true },
		{ " (hm) PIVOT.Test (x) 1; spf=pass",             true },
		{ "\"pivot.test\"; spf=pass",                     true },
		{ "\" pi\\vot.test.\"; spf=pass",                 true },
		{ "pivot.test.; spf=pass",                        true },
		{ "pivot.test/2; spf=pass",                       true },
		{ "pivot.test 2; spf=pass",                       true },
		{ "pivot.test\tspf=pass",                         true },
		{ "",					     true },
		{ "not.pivot.test; spf=pass",                     false},
		{ "pivot.test.example; spf=pass",                 false},
		{ "mx.test; spf=pass reason=\"pivot.test; x=y\"", false},
	};

	for (size_t i = 0; i < LENGTH(bodies); i++)
		if (authres_claims(str_of(bodies[i].body), S("pivot.test")) != bodies[i].claims)
			fail_msg("%s", bodies[i].body);
	CHECK(authres_claims(S("b\xc3\xbc"
			       "cher.test; none"),
		S("xn--bcher-kva.test")));
}

TEST(authres_is_written)
{
	struct authres_writer w;
	struct buf out = { 0 };

	authres_begin(&w, &out, S("pivot.test"), false);
	CHECK(authres_end(&w));
	CHECK_STR(buf_str(&out), S("Authentication-Results: pivot.test; none\r\n"));
	buf_clear(&out);
	authres_begin(&w, &out, S("pivot.test"), false);
	authres_add(&w, S("spf"), S("fail"));
	authres_reason(&w, S("not \"ours\"\r\nX: y"));
	authres_property(&w, S("smtp"), S("mailfrom"), S("user@a-rather-long-name.example.com"));
	authres_property(&w, S("smtp"), S("helo"), S("a;b"));
	authres_add(&w, S("dkim"), S("none"));
	authres_property(&w, S("header"), S("i"), S("@m\xc3\xbc.test"));
	CHECK(authres_end(&w));
	CHECK_STR(buf_str(&out),
		S("Authentication-Results: pivot.test;\r\n"
		  "\tspf=fail reason=\"not \\\"ours\\\"??X: y\"\r\n"
		  "\tsmtp.mailfrom=user@a-rather-long-name.example.com smtp.helo=\"a;b\";\r\n"
		  "\tdkim=none header.i=\"@m??.test\"\r\n"));
	buf_free(&out);
}

TEST(authres_is_not_written_by_halves)
{
	struct authres_writer w;
	struct buf out = { .limit_octets = 50 };

	authres_begin(&w, &out, S("pivot.test"), true);
	authres_add(&w, S("spf"), S("fail"));
	authres_reason(&w, S("there is no room for this"));
	CHECK(!authres_end(&w));
	buf_free(&out);
}

/* Those in the abuse reports of others, test/vectors/arf. */
TEST(authres_vectors_of_abuse_reports)
{
	static const char *const want[] = {
		"mail.example.com|spf=fail smtp.mail=somespammer@example.com",
		"mail.example.com|dkim=fail header.d=example.net",
		"box.mydomain.name|dmarc=fail header.from=interpublication.org",
		"mta1011.mail.tp2.receiver.example|dkim=fail header.d=sender.example",
	};

	for (unsigned i = 0; i < LENGTH(want); i++) {
		char path[500];
		json_t *report, *fields;
		struct buf got = { 0 };
		const char *body;

		snprintf(path, sizeof path, TEST_VECTORS "/arf/%03u.json", i + 2);
		report = json_load_file(path, 0, NULL);
		fields = json_object_get(report, "authentication_results");
		CHECK_INT(json_array_size(fields), 1);
		body = json_string_value(json_array_get(fields, 0));
		CHECK(print(str_of(body), &got));
		CHECK_STR(buf_str(&got), str_of(want[i]));
		buf_free(&got);
		json_decref(report);
	}
}
