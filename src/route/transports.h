/*
 * route/transports - by which transport an address leaves, as a table says      transport(5)
 *
 * One table a hosted domain, from its transport files: "ADDRESS TRANSPORT:NEXTHOP" and "DOMAIN
 * TRANSPORT:NEXTHOP".  TRANSPORT is one of the configuration (by its name, the built-in smtp too),
 * "relay", which is smtp, "error", whose next hop is "[x.y.z] words" (5.1.1 where none is said), or
 * "discard".  Where smtp or lmtp is meant, NEXTHOP is one (route/nexthop), or "" where the
 * transport has a host of its own.  Rows of other domains are skipped: a neighbour may write one
 * file for several.
 *
 * It is kept as an alias table is, with one target a key, so that it can be compiled, asked and
 * walked like one.
 */
#ifndef ROUTE_TRANSPORTS_H
#define ROUTE_TRANSPORTS_H

#include "conf/conf.h"
#include "route/alias.h"

/* Reads the files of one domain, in order: add each, then finish.  A key given twice is refused,
 * unless another file gave it: then the first one counts.  Errors are "file:line:column: ...". */
struct transports_builder;
struct transports_builder *transports_builder_new(const struct conf *c, str domain) MUST_USE;
bool transports_builder_add(
	struct transports_builder *b, str file, str text, struct fail *why) MUST_USE;
struct alias_table *transports_builder_finish(
	struct transports_builder *b) MUST_USE; /* frees the builder */

/* Can this stand in a row of the domain?  False: *why.text says what cannot be; *at: where in it.
 */
bool transports_value(
	const struct conf *c, str domain, str value, size_t *at, struct fail *why) MUST_USE;

/* What a row says.  False: there is no row for the key (an address in table form, or the domain).
 */
struct transports_row {
	str transport, nexthop; /* live as long as the table */
	struct conf_origin at;
};
bool transports_find(const struct alias_table *t, str key, struct transports_row *row) MUST_USE;

/* The status and the words of an error row's next hop. */
void transports_error(str nexthop, str *status, str *words);

#endif
