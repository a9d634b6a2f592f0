/*
 * conf/check - what must hold between the words of one configuration
 *
 * Names that lead to other things are resolved here.  What needs the alias tables is checked by
 * route/route, what needs other files by admin/generation.
 */
#ifndef CONF_CHECK_H
#define CONF_CHECK_H

#include "conf/builder.h"

/* The structure is complete but for the transports of routes and mailboxes.  Errors are reported.
 */
void conf_check(struct conf_builder *b);

#endif
