/* The parent believes no bytes. */
#include "test/test.h"

#include <string.h>

#include "daemon/privilege.h"

TEST(privilege_takes_whole_questions_only)
{
	static struct privilege_question q, got;
	str bytes = str_from((const char *)&q, sizeof q);

	q.word = PRIVILEGE_OPEN;
	memcpy(q.text, "/a", 2);
	CHECK(privilege_read(bytes, &got) && str_eq(str_of(got.text), S("/a")));
	CHECK(!privilege_read(str_first(bytes, bytes.n - 1), &got));
	CHECK(!privilege_read(S(""), &got));
	q.word = PRIVILEGE_WORDS;
	CHECK(!privilege_read(bytes, &got));
	q.word = (enum privilege_word) - 1;
	CHECK(!privilege_read(bytes, &got));
	q.word = PRIVILEGE_BIND;
	memset(q.at.path, 'x', sizeof q.at.path);
	CHECK(!privilege_read(bytes, &got));
	q.at.path[0] = '\0';
	memset(q.text, 'x', sizeof q.text);
	CHECK(!privilege_read(bytes, &got));
}
