/*
 * flow/expansion - telling who wants to hear of success that his recipient became several
 *
 * RFC 3461 section 5.2.7: a list with an owner has received the mail ("delivered"); an alias of
 * several addresses was "expanded".  Said once, when the message has become ours; a crash in that
 * moment may swallow it.
 */
#ifndef FLOW_EXPANSION_H
#define FLOW_EXPANSION_H

#include "flow/dispatch.h"

/* f: of the main loop. */
void expansion_tell(struct flow *f, struct dispatch *d, struct promise *m);

#endif
