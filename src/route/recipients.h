/*
 * route/recipients - who has a mailbox in a domain whose mailboxes another one has
 *
 * One table a domain, from its files of recipients: a line has one, a local part or an address of
 * the domain, up to a blank or a colon; what stands behind does not count.  Empty lines, and lines
 * that begin with '#', are skipped; so are addresses of other domains, for one file may serve
 * several.  Kept as an alias table is, so that it can be compiled, asked and walked like one.
 */
#ifndef ROUTE_RECIPIENTS_H
#define ROUTE_RECIPIENTS_H

#include "route/alias.h"

struct recipients_builder;
struct recipients_builder *recipients_builder_new(str domain) MUST_USE;
/* Errors are "file:line:column: ...".  A recipient may be given twice. */
bool recipients_builder_add(
	struct recipients_builder *b, str file, str text, struct fail *why) MUST_USE;
struct alias_table *recipients_builder_finish(
	struct recipients_builder *b) MUST_USE; /* frees the builder; keys are addresses */

#endif
