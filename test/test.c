#include "test/test.h"

#include <stdio.h>

#define TESTS_MAX 2000

static struct CMUnitTest tests[TESTS_MAX];
static size_t test_count;

void test_register(const char *name, CMUnitTestFunction run)
{
	if (test_count < TESTS_MAX)
		tests[test_count++] = (struct CMUnitTest){ .name = name, .test_func = run };
}

void test_check_str(str got, str want, const char *file, int line)
{
	if (str_eq(got, want))
		return;
	fprintf(stderr, "%s:%d: got \"%.*s\"\n%s:%d: want \"%.*s\"\n", file, line, STR(got), file,
		line, STR(want));
	_fail(file, line);
}

/* With a word: only the tests whose name has it. */
int main(int argc, char **argv)
{
	if (argc > 1) {
		size_t kept = 0;

		for (size_t i = 0; i < test_count; i++)
			if (strstr(tests[i].name, argv[1]))
				tests[kept++] = tests[i];
		test_count = kept;
	}
	return _cmocka_run_group_tests(argv[0], tests, test_count, NULL, NULL);
}
