#include "gate/quota.h"

#include "test/test.h"

#define MINUTE_MS 60000
#define CHECK_GO(answer) CHECK_INT(answer, QUOTA_GO)
#define CHECK_HOLD(answer) CHECK_INT(answer, QUOTA_HOLD)

static struct conf *conf_of(const char *text)
{
	struct conf_source source = { S("a.conf"), str_of(text) };
	struct fail why = { 0 };
	struct conf *conf = conf_build(S("/"), &source, 1, &why);

	assert_non_null(conf);
	return conf;
}

TEST(quota_holds_what_is_over_and_forgets_after_an_hour)
{
	struct conf *conf = conf_of("hostname p.test\nlogin {\npasswd-file u\n"
				    "messages-per-hour 3\nrecipients-per-hour 10\n"
				    "limits-of sat 0 5\n}\n");
	struct quota *q = quota_new();
	struct fail why = { 0 };
	int64_t now_ms = 1000LL * 3600000;

	CHECK_GO(quota_take(q, conf, S("jo"), 1, now_ms, &why));
	CHECK_GO(quota_take(q, conf, S("jo"), 1, now_ms + 20 * MINUTE_MS, &why));
	CHECK_HOLD(quota_take(q, conf, S("jo"), 9, now_ms + 21 * MINUTE_MS, &why));
	CHECK_STR(str_of(why.limit), S("recipients-per-hour"));
	CHECK_STR(str_of(why.origin), S("a.conf:5"));
	CHECK_STR(
		str_of(why.text), S("Held: the login jo has sent its 10 recipients of this hour"));
	CHECK_GO(quota_take(q, conf, S("jo"), 8, now_ms + 40 * MINUTE_MS, &why));
	CHECK_HOLD(quota_take(q, conf, S("jo"), 1, now_ms + 41 * MINUTE_MS, &why));
	CHECK_STR(str_of(why.limit), S("messages-per-hour"));
	CHECK_STR(str_of(why.origin), S("a.conf:4"));
	/* another one is another one */
	CHECK_GO(quota_take(q, conf, S("ann"), 10, now_ms + 41 * MINUTE_MS, &why));
	/* the first has become old, and what was held was not counted */
	CHECK_GO(quota_take(q, conf, S("jo"), 1, now_ms + 62 * MINUTE_MS, &why));
	CHECK_INT(quota_take(q, conf, S("jo"), 1, now_ms + 63 * MINUTE_MS, &why), QUOTA_REFUSE);
	CHECK_GO(quota_take(q, conf, S("jo"), 10, now_ms + 500 * MINUTE_MS, &why));
	for (int i = 0; i < 5; i++)
		CHECK_GO(quota_take(q, conf, S("sat"), 1, now_ms, &why));
	CHECK_HOLD(quota_take(q, conf, S("sat"), 1, now_ms, &why));
	CHECK_STR(str_of(why.origin), S("a.conf:6"));
	quota_free(q);
	conf_drop(conf);
}

TEST(quota_refuses_what_is_over_when_as_much_is_held)
{
	struct conf *conf = conf_of("hostname p.test\nlogin {\npasswd-file u\n"
				    "messages-per-hour 3\nrecipients-per-hour 10\n}\n");
	struct quota *q = quota_new();
	struct fail why = { 0 };
	int64_t now_ms = 1000LL * 3600000;

	for (int i = 0; i < 3; i++)
		CHECK_GO(quota_take(q, conf, S("jo"), 1, now_ms, &why));
	for (int i = 0; i < 3; i++)
		CHECK_HOLD(quota_take(q, conf, S("jo"), 1, now_ms, &why));
	for (int i = 0; i < 100; i++)
		CHECK_INT(quota_take(q, conf, S("jo"), 1, now_ms, &why), QUOTA_REFUSE);
	CHECK_INT(fail_code(&why), 452);
	CHECK_STR(str_of(why.limit), S("messages-per-hour"));
	CHECK_STR(str_of(why.origin), S("a.conf:4"));
	/* one message with too many waits, however many they are; then it is enough */
	CHECK_HOLD(quota_take(q, conf, S("ann"), 90, now_ms, &why));
	CHECK_INT(quota_take(q, conf, S("ann"), 11, now_ms, &why), QUOTA_REFUSE);
	CHECK_STR(str_of(why.limit), S("recipients-per-hour"));
	CHECK_GO(quota_take(q, conf, S("ann"), 10, now_ms, &why));
	/* what was refused counts for nothing, and the rest is forgotten */
	CHECK_GO(quota_take(q, conf, S("jo"), 1, now_ms + 61 * MINUTE_MS, &why));
	quota_free(q);
	conf_drop(conf);
}

TEST(quota_without_limits_lets_all_go)
{
	struct conf *conf = conf_of("hostname p.test\nlogin {\npasswd-file u\n"
				    "messages-per-hour 0\nrecipients-per-hour 0\n}\n");
	struct quota *q = quota_new();

	for (int i = 0; i < 5000; i++)
		CHECK_GO(quota_take(q, conf, S("jo"), 100, 5, NULL));
	quota_free(q);
	conf_drop(conf);
}
