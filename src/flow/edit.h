/*
 * flow/edit - what the configuration changes in the header of a message on its way in
 *
 * The fields stream by, in any cut.  Each is put to the rules for fields (gate/headers); in what
 * stays of mail of our own clients addresses are replaced (flow/readdress), and it goes on.
 * Of a field that is larger than FIELDS_OCTETS_MAX the beginning is judged, the rest shares its
 * fate, and no address is replaced.
 */
#ifndef FLOW_EDIT_H
#define FLOW_EDIT_H

#include "flow/ruling.h"
#include "mail/header.h"

struct edit;

struct edit_mail {
	uint64_t id;
	bool ours;             /* its client may relay */
	struct ruling *ruling; /* that hears of the rules; lives as long */
};

/* Null: the configuration changes no header of such a message.  The router outlives it. */
struct edit *edit_new(const struct router *r, const struct edit_mail *mail) MUST_USE;
void edit_free(struct edit *e); /* null is allowed */

/* Called with bytes as they will leave, never from elsewhere. */
typedef void edit_leaves(void *owner, str bytes);

/* Bytes that are header, and its end; was_signed: somebody before us has signed the message. */
void edit_feed(struct edit *e, str bytes, edit_leaves *leaves, void *owner);
void edit_over(struct edit *e, bool was_signed, edit_leaves *leaves, void *owner);

/* A rule refuses the message, of which nothing more leaves; null: none does. */
const struct fail *edit_refusal(const struct edit *e) MUST_USE;

/* The header as it leaves. */
const struct header_scan *edit_scan(const struct edit *e) MUST_USE;

#endif
