/*
 * admin/certificates - can the certificates and keys that a configuration names be used?
 *
 * A server that finds out by itself goes on with what it had, or without TLS; here it is an error.
 */
#ifndef ADMIN_CERTIFICATES_H
#define ADMIN_CERTIFICATES_H

#include "base/buf.h"
#include "conf/conf.h"

/* False: one cannot be read, does not match its key, or is not valid now.  That, and what is only
 * worth a warning (it ends soon, it has not the name that it is shown for), is a line of the
 * report. */
bool certificates_check(const struct conf *c, struct buf *report) MUST_USE;

#endif
