/*
 * smtp/line - one line off a stream of commands or replies     RFC 5321 sections 2.3.8, 4.5.3.1.4
 */
#ifndef SMTP_LINE_H
#define SMTP_LINE_H

#include "base/fail.h"
#include "base/str.h"

/* Take the first line off *input, without its CRLF.  Only CRLF ends a line: a bare CR or LF is
 * refused, never repaired, because two servers that repair it differently can be made to see
 * different messages (SMTP smuggling).  line_max counts the CRLF, as the RFC does.  SCAN_BAD leaves
 * *input where the line began: smtp_line_skip goes on from there. */
enum scan smtp_line_take(str *input, size_t line_max, str *line, struct fail *why) MUST_USE;

/* The same for old appliances of one's own: a bare LF ends a line, too; a bare CR does not. */
enum scan smtp_line_take_lax(str *input, size_t line_max, str *line, struct fail *why) MUST_USE;

/* Drop what is left of a refused line, its CRLF included.  True: it has ended.  *after_cr remembers
 * a CR between two calls; false at first. */
bool smtp_line_skip(str *input, bool *after_cr) MUST_USE;

#endif
