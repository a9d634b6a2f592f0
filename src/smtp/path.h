/*
 * smtp/path - the path of MAIL and RCPT              RFC 5321 sections 4.1.2, 4.1.1.3, appendix C
 *
 * "<address>", "<>", or "<@relay,@relay:address>", whose source route is checked and dropped.  As
 * many clients do it and nothing else could be meant, a space in front of the path and an address
 * without brackets are taken too.
 */
#ifndef SMTP_PATH_H
#define SMTP_PATH_H

#include "base/str.h"

/* Take a path off the front of *arg; a space or the end must follow it.  *address borrows what
 * stands in it, not yet judged (mail/address does).  False: there is no path. */
bool smtp_path_take(str *arg, str *address) MUST_USE;

#endif
