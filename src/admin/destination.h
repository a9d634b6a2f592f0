/*
 * admin/destination - where mail goes, and how that goes: list, pause, resume
 *
 * In the main loop, as a talk: what is paused or resumed is written down before it is answered.
 */
#ifndef ADMIN_DESTINATION_H
#define ADMIN_DESTINATION_H

#include "admin/talk.h"
#include "base/buf.h"
#include "flow/dispatch.h"

/* words: "list"; "pause NAME..."; "resume NAME...".  A name is that of a provider, a next hop, or
 * "TRANSPORT:NEXTHOP".  False: *out says what is wrong. */
bool destination_words_right(const str *words, size_t count, struct buf *out) MUST_USE;

void destination_talk(
	struct dispatch *d, struct talk *t, const str *words, size_t count, bool json);

#endif
