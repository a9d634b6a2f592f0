#include "test/test.h"

#include "route/recipients.h"

TEST(recipients_are_read_from_passwd_files_and_tables)
{
	static const str text = STR_INIT("# people\n"
					 "anna:{CRYPT}x:1:2:Anna:/home/anna\n"
					 "Bob@D.Test OK\n"
					 "\"a b\"@d.test\tOK\n"
					 "eve@else.test OK\n"
					 "\r\n"
					 "anna\n");
	static const str known[] = { STR_INIT("anna@d.test"), STR_INIT("bob@d.test"),
		STR_INIT("\"a b\"@d.test") };
	static const str unknown[] = { STR_INIT("eve@d.test"), STR_INIT("eve@else.test"),
		STR_INIT("@d.test") };
	struct recipients_builder *b = recipients_builder_new(S("d.test"));
	struct alias_targets found;
	struct alias_table *t;
	struct fail why;

	CHECK(recipients_builder_add(b, S("f"), text, &why));
	t = recipients_builder_finish(b);
	for (size_t i = 0; i < LENGTH(known); i++)
		CHECK(alias_table_find(t, known[i], &found));
	for (size_t i = 0; i < LENGTH(unknown); i++)
		CHECK(!alias_table_find(t, unknown[i], &found));
	alias_table_free(t);
}

TEST(recipients_that_are_none_are_refused_with_their_place)
{
	static const char *const bad[] = { "x\n@d.test OK\n", "x\n a\n", "x\n:y\n", "x\na@b@\n" };

	for (size_t i = 0; i < LENGTH(bad); i++) {
		struct recipients_builder *b = recipients_builder_new(S("d.test"));
		struct fail why;

		CHECK(!recipients_builder_add(b, S("f"), str_of(bad[i]), &why));
		CHECK_STR(
			str_of(why.text), S("f:2:1: a local part or an address is expected here"));
		alias_table_free(recipients_builder_finish(b));
	}
}
