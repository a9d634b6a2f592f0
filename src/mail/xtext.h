/*
 * mail/xtext - addresses and ids as SMTP parameters spell them     RFC 3461 section 4, RFC 6533
 *						                      section 3
 */
#ifndef MAIL_XTEXT_H
#define MAIL_XTEXT_H

#include "base/buf.h"
#include "base/str.h"

/* Append a text as an xtext. */
void xtext_encode(str s, struct buf *to);

/* Append what an xtext ("+2B" is a plus) stands for; what is no encoding stays as it is. */
void xtext_decode(str s, struct buf *to);

/* The same for a utf-8-addr-xtext or -unitext ("\x{E9}"), which gives UTF-8. */
void xtext_decode_utf8(str s, struct buf *to);

/* Append UTF-8 in the 7-bit form of that: utf-8-addr-xtext. */
void xtext_encode_utf8(str s, struct buf *to);

#endif
