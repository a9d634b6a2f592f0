/*
 * admin/verify - facteur verify: judge an identity from the command line
 *
 * Nothing is changed, and no daemon is asked: the look-ups are made by this process, out of a zone
 * file, through a resolver that is named, or as the configuration in force says (the system's
 * resolv.conf where there is none).  doc/facteur.8.in has the JSON shape, which is the same for all
 * that can be verified.
 */
#ifndef ADMIN_VERIFY_H
#define ADMIN_VERIFY_H

#include "base/buf.h"
#include "base/ip.h"
#include "world/resolve.h"

/* What the options say, and what answers. */
struct verify {
	struct ip client;
	str client_text, helo, from; /* helo or from is not empty */
	str hostname;                /* our own; "" where no configuration says it */
	int64_t wall_s;
	bool json;
	struct loop *loop;
	struct resolver *resolver;
};

/* words: "spf" and its options.  Returns the exit code: 0 it passes, 1 it does not, 2 wrong usage,
 * 75 try again; *answered: *out is a verdict, else it says what is wrong. */
int verify_command(
	const str *words, size_t count, str dir, bool json, struct buf *out, bool *answered);

/* admin/verify_spf.c; closes v->resolver, whose questions live no longer than this call. */
int verify_spf(const struct verify *v, struct buf *out);

#endif
