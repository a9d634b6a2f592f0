#include "gate/census.h"

#include "test/test.h"

static struct conf *conf_of(const char *text)
{
	struct conf_source source = { S("a.conf"), str_of(text) };
	struct fail why = { 0 };
	struct conf *conf = conf_build(S("/"), &source, 1, &why);

	assert_non_null(conf);
	return conf;
}

static struct ip client(const char *text)
{
	struct ip ip;

	assert_true(ip_parse(str_of(text), &ip));
	return ip;
}

TEST(census_says_which_limit_and_where_it_was_set)
{
	struct conf *conf =
		conf_of("hostname p.test\nlimits { sessions-per-client 1\nsessions 2 }\n");
	struct ip one = client("192.0.2.1"), two = client("192.0.2.2"), three = client("::1");
	struct census *c = census_new();
	struct fail why = { 0 };

	CHECK(census_enter(c, &one, conf, &why));
	CHECK(!census_enter(c, &one, conf, &why));
	CHECK_INT(fail_code(&why), 421);
	CHECK_STR(str_of(why.status), S("4.7.0"));
	CHECK_STR(str_of(why.limit), S("sessions-per-client"));
	CHECK_STR(str_of(why.origin), S("a.conf:2"));
	CHECK(census_enter(c, &two, conf, &why));
	CHECK(!census_enter(c, &three, conf, &why));
	CHECK_STR(str_of(why.status), S("4.3.2"));
	CHECK_STR(str_of(why.limit), S("sessions"));
	CHECK_STR(str_of(why.origin), S("a.conf:3"));
	census_leave(c, &two);
	CHECK(census_enter(c, &three, conf, &why));
	CHECK_INT(census_sessions(c), 2);
	census_leave(c, &three);
	census_leave(c, &one);
	census_free(c);
	conf_drop(conf);
}

TEST(census_says_that_nobody_set_a_limit)
{
	struct conf *conf = conf_of("hostname p.test\n");
	struct ip one = client("192.0.2.1");
	struct census *c = census_new();
	struct fail why = { 0 };
	unsigned n = 0;

	while (census_enter(c, &one, conf, &why))
		n++;
	CHECK_INT(n, conf->limits.client_sessions_max);
	CHECK_STR(str_of(why.limit), S("sessions-per-client"));
	CHECK_STR(str_of(why.origin), S("default"));
	while (n-- > 0)
		census_leave(c, &one);
	census_free(c);
	conf_drop(conf);
}
