/*
 * base/str - a borrowed run of bytes
 *
 * A str is a pointer and a length.  It owns nothing, is passed by value, and is not terminated by
 * NUL: whoever made the bytes says how long they live.  An empty str may have a null pointer.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

typedef struct str {
	const char *p;
	size_t n;
} str;

/* S makes a str of a string literal, and works in static initialisers; STR prints one with
 * "%.*s"; str_of borrows a C string. */
#define S(literal) ((str){ (literal), sizeof(literal) - 1 })
#define STR_INIT(literal)                      \
	{                                      \
		(literal), sizeof(literal) - 1 \
	}
#define STR(s) ((int)(s).n), ((s).n ? (s).p : "")

/* What a parser says of its input: take it, wait for more of it, or refuse it. */
enum scan { SCAN_MORE, SCAN_DONE, SCAN_BAD };

str str_of(const char *c_string);
str str_from(const void *p, size_t n);

bool str_eq(str a, str b) MUST_USE;
bool str_eq_nocase(str a, str b) MUST_USE; /* ASCII letters only */
int str_compare(str a, str b) MUST_USE;    /* as memcmp, shorter first */
bool str_starts(str s, str prefix) MUST_USE;
bool str_starts_nocase(str s, str prefix) MUST_USE;
bool str_ends(str s, str suffix) MUST_USE;
bool str_ends_nocase(str s, str suffix) MUST_USE;

/* Parts of s.  n beyond the end means the end. */
str str_first(str s, size_t n);
str str_skip(str s, size_t n);
str str_last(str s, size_t n);
str str_trim(str s);       /* without spaces, tabs, CR and LF at both ends */
str str_trim_right(str s); /* at the right end only */

/* Where c or needle is in s; s.n when it is not. */
size_t str_find(str s, char c) MUST_USE;
size_t str_find_last(str s, char c) MUST_USE;
size_t str_find_str(str s, str needle) MUST_USE;
bool str_has(str s, char c) MUST_USE;

/* Cut s at the first c: *head is what stands before it, *s what stands behind.  False, and *head is
 * all of s and *s is empty, when there is no c. */
bool str_cut(str *s, char c, str *head);

/* Take the next word off *s: a run without spaces and tabs.  False when none is left. */
bool str_word(str *s, str *word) MUST_USE;

/* Copy s into a C string of size bytes, cut to fit, always terminated.  Returns to. */
char *str_to_c(str s, char *to, size_t size);

#endif
