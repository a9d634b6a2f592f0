/*
 * admin/users - are the users that a configuration names known to this machine?
 *
 * "user" says who the server becomes, "as" who writes a Maildir or runs a program.  A name that is
 * misspelt would else be found by the first mail.  The default user, which nobody wrote, need not
 * be there: the server says so when it starts.
 */
#ifndef ADMIN_USERS_H
#define ADMIN_USERS_H

#include "base/buf.h"
#include "conf/conf.h"

/* False: an unknown one; each is a line of the report, with its place. */
bool users_check(const struct conf *c, struct buf *report) MUST_USE;

#endif
