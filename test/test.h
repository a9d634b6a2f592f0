/*
 * test/test - gathers cmocka tests: TEST(name) { ... } registers itself
 */
#ifndef TEST_TEST_H
#define TEST_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"

void test_register(const char *name, CMUnitTestFunction run);

#define TEST(name)                                                     \
	static void name(void **state);                                \
	__attribute__((constructor)) static void register_##name(void) \
	{                                                              \
		test_register(#name, name);                            \
	}                                                              \
	static void name(void **state __attribute__((unused)))

#define CHECK(condition) assert_true(condition)
#define CHECK_STR(got, want) test_check_str(got, want, __FILE__, __LINE__)
#define CHECK_INT(got, want) assert_int_equal(got, want)

void test_check_str(str got, str want, const char *file, int line);

#endif
