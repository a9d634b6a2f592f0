/*
 * flow/copies - those who get a copy of a message on its way in, put into its envelope   copy-to
 */
#ifndef FLOW_COPIES_H
#define FLOW_COPIES_H

#include "flow/recipients.h"
#include "flow/ruling.h"

/* All who are to have one, each once, and nobody who is a recipient already; id: of the message.
 * False: one of them cannot be had, and no mail comes in without its copies; *why is 4xx. */
bool copies_add(struct recipients *rcpts, const struct router *r, const struct ruling *g,
	uint64_t id, struct fail *why) MUST_USE;

#endif
