/*
 * base/hex - octets as hexadecimal digits, two for each, lower case
 */
#ifndef BASE_HEX_H
#define BASE_HEX_H

#include <stddef.h>

/* to: 2 * n + 1 bytes.  Returns to. */
char *hex_print(const unsigned char *octets, size_t n, char *to);

#endif
