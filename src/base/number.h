/*
 * base/number - numbers, sizes and times as people and protocols write them
 */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include "base/str.h"

/* Decimal digits only, all of s, at most max. */
bool number_parse(str s, uint64_t max, uint64_t *value) MUST_USE;
bool number_parse_hex(str s, uint64_t *value) MUST_USE; /* 1 to 16 digits */

/* "50M": digits with an optional K, M, G or T, in powers of 1024. */
bool number_parse_size(str s, uint64_t *octets) MUST_USE;

/* "90s", "5m", "1h30m", "5d", "500ms"; a bare number is refused, but for 0. */
bool number_parse_time(str s, int64_t *ms) MUST_USE;

#define NUMBER_TEXT_MAX 32

/* The shortest exact text that the parsers above read back.  Return to. */
char *number_print_size(uint64_t octets, char to[NUMBER_TEXT_MAX]);
char *number_print_time(int64_t ms, char to[NUMBER_TEXT_MAX]);

/* For people: "3.4 MiB", "2 h 10 min". */
char *number_show_size(uint64_t octets, char to[NUMBER_TEXT_MAX]);
char *number_show_time(int64_t ms, char to[NUMBER_TEXT_MAX]);

#endif
