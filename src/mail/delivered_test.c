#include "test/test.h"

#include "mail/delivered.h"

TEST(delivered_before_is_what_a_field_of_the_header_says)
{
	static const struct {
		str text;
		bool before;
	} cases[] = {
		{STR_INIT("Delivered-To: a@b.test\r\n\r\n"),                    true },
		{ STR_INIT("X: y\r\nDELIVERED-TO:\t<A@b.Test> \r\n"),           true },
		{ STR_INIT("Delivered-To: c@b.test\nDelivered-To: a@b.test\n"), true },
		{ STR_INIT("Delivered-To: aa@b.test\r\n"),                      false},
		{ STR_INIT("X: y\r\n Delivered-To: a@b.test\r\n"),              false},
		{ STR_INIT("X-Delivered-To: a@b.test\r\n"),                     false},
		{ STR_INIT("X: y\r\n\r\nDelivered-To: a@b.test\r\n"),           false},
		{ STR_INIT("Delivered-To: a@b.test"),                           false},
		{ STR_INIT(""),						 false},
	};

	for (size_t i = 0; i < LENGTH(cases); i++)
		CHECK(delivered_before(cases[i].text, S("a@b.test")) == cases[i].before);
}
