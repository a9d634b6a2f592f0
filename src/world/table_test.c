#include "world/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "test/test.h"
#include "world/file.h"

static char path[] = "/tmp/facteur-table-XXXXXX";
static str at;

static void make_table(void)
{
	struct table_maker *m = table_maker_new(S("test 1"));
	struct fail why;
	char key[20];

	if (at.n == 0)
		close(mkstemp(path));
	at = str_of(path);
	for (int i = 0; i < 300; i++) {
		snprintf(key, sizeof key, "key %d", i);
		table_maker_add(m, str_of(key), str_first(str_of("a value that differs"), i % 20));
	}
	table_maker_add(m, S(""), S("of the empty key"));
	CHECK(table_maker_write(m, at, &why));
}

TEST(table_answers_what_was_put_in)
{
	struct fail why = { 0 };
	struct table *t;
	char key[20];
	str value;

	make_table();
	t = table_open(at, S("test 1"), &why);
	CHECK_STR(str_of(why.text), S(""));
	for (int i = 0; i < 300; i++) {
		snprintf(key, sizeof key, "key %d", i);
		CHECK(table_find(t, str_of(key), &value));
		CHECK_STR(value, str_first(str_of("a value that differs"), i % 20));
	}
	CHECK(table_find(t, S(""), &value));
	CHECK(!table_find(t, S("key 300"), &value));
	CHECK(!table_find(t, S("key"), &value));
	table_close(t);
	table_close(NULL);
	unlink(path);
}

TEST(table_of_another_kind_is_refused)
{
	struct fail why = { 0 };

	make_table();
	CHECK(!table_open(at, S("test 2"), &why));
	CHECK(str_find_str(str_of(why.text), S("not of the format \"test 2\"")) < strlen(why.text));
	unlink(path);
	CHECK(!table_open(at, S("test 1"), &why));
	CHECK_INT(why.kind, FAIL_TEMPORARY);
	CHECK(!table_open(S("/tmp"), S("test 1"), &why));
	CHECK(!table_maker_write(table_maker_new(S("test 1")), S("/nowhere/at/all"), &why));
}

/* Cut anywhere, changed anywhere, or something else: never a crash, never a wrong answer. */
TEST(table_that_is_damaged_is_refused)
{
	struct arena a;
	struct fail why = { 0 };
	str whole;
	char *changed;

	arena_init(&a, ARENA_UNLIMITED);
	make_table();
	CHECK(file_read(&a, at, &whole, &why));
	for (size_t n = 0; n < whole.n; n += 97) {
		CHECK(truncate(path, (off_t)(whole.n - n - 1)) == 0);
		CHECK(!table_open(at, S("test 1"), &why));
	}
	changed = arena_alloc(&a, whole.n);
	memcpy(changed, whole.p, whole.n);
	for (size_t i = 0; i < whole.n; i += 13) {
		FILE *file = fopen(path, "w");

		changed[i] ^= (char)(1 << i % 8);
		CHECK(fwrite(changed, 1, whole.n, file) == whole.n);
		CHECK(fclose(file) == 0);
		CHECK(!table_open(at, S("test 1"), &why));
		changed[i] = whole.p[i];
	}
	unlink(path);
	arena_free(&a);
}
