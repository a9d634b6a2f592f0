#include "gate/quarantine.h"

#include "test/test.h"

static struct conf *conf_of(const char *text)
{
	struct conf_source source = { S("a.conf"), str_of(text) };
	struct fail why = { 0 };
	struct conf *conf = conf_build(S("/"), &source, 1, &why);

	assert_non_null(conf);
	return conf;
}

TEST(quarantine_takes_until_it_is_full_and_again_when_somebody_has_left)
{
	struct conf *conf = conf_of("hostname p.test\ndmarc { quarantine; quarantined hold }\n"
				    "quarantine {\nmessages 3\nspace 10K\n}\n");
	struct quarantine *q = quarantine_new();
	struct fail why = { 0 };

	CHECK(quarantine_take(q, conf, 10240, NULL));
	CHECK(!quarantine_take(q, conf, 1, &why));
	CHECK_INT(fail_code(&why), 452);
	CHECK_STR(str_of(why.status), S("4.2.2"));
	CHECK_STR(str_of(why.limit), S("space"));
	CHECK_STR(str_of(why.origin), S("a.conf:5"));
	quarantine_leave(q, 10240);
	CHECK(quarantine_take(q, conf, 10, &why));
	CHECK(quarantine_take(q, conf, 20, &why));
	CHECK(quarantine_take(q, conf, 30, &why));
	CHECK(!quarantine_take(q, conf, 1, &why));
	CHECK_STR(str_of(why.limit), S("messages"));
	CHECK_STR(str_of(why.origin), S("a.conf:4"));
	CHECK_INT(quarantine_sum(q).messages, 3);
	CHECK_INT(quarantine_sum(q).octets, 60);
	quarantine_leave(q, 20);
	CHECK(!quarantine_take(q, conf, 10240, &why)); /* larger than what is left */
	CHECK(!quarantine_take(q, conf, UINT64_MAX, &why));
	CHECK(quarantine_take(q, conf, 10200, &why));
	quarantine_free(q);
	conf_drop(conf);
}

TEST(quarantine_counts_what_it_finds_beyond_its_limits)
{
	struct conf *conf = conf_of("hostname p.test\ndmarc { quarantine; quarantined hold }\n"
				    "quarantine { messages 1; space 1K }\n");
	struct quarantine *q = quarantine_new();
	struct fail why = { 0 };

	quarantine_found(q, 5000); /* the limits were lowered before this start */
	quarantine_found(q, 7000);
	CHECK(!quarantine_take(q, conf, 1, &why));
	quarantine_leave(q, 5000);
	CHECK(!quarantine_take(q, conf, 1, &why));
	quarantine_leave(q, 7000);
	CHECK(quarantine_take(q, conf, 1, &why));
	quarantine_free(q);
	conf_drop(conf);
}

TEST(quarantine_has_limits_where_nobody_has_said_any)
{
	struct conf *conf = conf_of("hostname p.test\n");
	struct quarantine *q = quarantine_new();
	struct fail why = { 0 };
	unsigned taken = 0;

	while (quarantine_take(q, conf, 1, &why))
		taken++;
	CHECK_INT(taken, conf->quarantine.messages_max);
	CHECK_STR(str_of(why.origin), S("default"));
	quarantine_free(q);
	conf_drop(conf);
}
