/*
 * base/ascii - classes of single bytes, whatever the locale
 */
#ifndef BASE_ASCII_H
#define BASE_ASCII_H

#include <stdbool.h>
#include <stddef.h>

static inline bool ascii_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool ascii_upper_letter(char c)
{
	return c >= 'A' && c <= 'Z';
}

static inline bool ascii_letter(char c)
{
	return (c >= 'a' && c <= 'z') || ascii_upper_letter(c);
}

static inline char ascii_lower(char c)
{
	return ascii_upper_letter(c) ? (char)(c + ('a' - 'A')) : c;
}

static inline bool ascii_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

static inline bool ascii_high(char c)
{
	return (unsigned char)c >= 0x80;
}

/* The value of a hexadecimal digit, or -1. */
static inline int ascii_hex(char c)
{
	if (ascii_digit(c))
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

#endif
