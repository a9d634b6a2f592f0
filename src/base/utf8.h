/*
 * base/utf8 - is it UTF-8?                                              RFC 3629
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/str.h"

/* How many bytes the first character of s has, 1 to 4; 0 when s is empty or does not begin with a
 * well-formed one (overlong forms, surrogates and more than U+10FFFF are not). */
size_t utf8_first(str s) MUST_USE;

bool utf8_valid(str s) MUST_USE;
bool utf8_ascii(str s) MUST_USE; /* no byte above 127 */

#endif
