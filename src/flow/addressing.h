/*
 * flow/addressing - who an address stands for, where tables may have to be asked first
 *
 * route_expand_asking, told again until no table is waited for.  A table that gave no answer is
 * logged here, once; what it costs is in why.
 */
#ifndef FLOW_ADDRESSING_H
#define FLOW_ADDRESSING_H

#include "route/asking.h"
#include "route/route.h"

#define ADDRESSING_OCTETS_MAX (8 << 20) /* of the targets, and on the way to them */

/* Zero it. */
struct addressing {
	bool ok;
	struct route_targets targets; /* ok; they live until addressing_end */
	struct fail why;              /* not ok */
	bool table_failed;            /* not ok: because of a table */

	void (*done)(struct addressing *a); /* its own, like what follows */
	struct router *router;              /* a reference, while it is in use */
	uint64_t id;
	str address;
	struct arena step;
	struct asking asking;
};

/* id: of the message, for the log.  True: it is known at once, and done will not be called.  False:
 * later, in the loop.  It may be begun again without an end. */
bool addressing_begin(struct addressing *a, struct loop *l, struct router *r, uint64_t id,
	str address, void (*done)(struct addressing *a)) MUST_USE;

void addressing_end(struct addressing *a); /* one that was never begun is allowed */

/* A table gave no answer to somebody who asked in his own story. */
void addressing_log_failed(uint64_t id, const struct route_ask *ask);

#endif
