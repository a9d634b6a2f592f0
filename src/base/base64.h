/*
 * base/base64 - base64 with padding                          RFC 4648 section 4
 */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/buf.h"

/* Append the encoding of s, without line breaks.  False at the limit of to. */
bool base64_encode(str s, struct buf *to) MUST_USE;

/* Append what s encodes.  Only the canonical form is taken: full groups, padding where it belongs,
 * no foreign byte, no stray bits.  False otherwise, or at the limit of to. */
bool base64_decode(str s, struct buf *to) MUST_USE;

#endif
