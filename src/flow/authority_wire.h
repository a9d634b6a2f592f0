/*
 * flow/authority_wire - questions to an authority in another process, and its answers, as bytes
 */
#ifndef FLOW_AUTHORITY_WIRE_H
#define FLOW_AUTHORITY_WIRE_H

#include "flow/authority.h"

/* How an answer ends a question: the words for it. */
#define AUTHORITY_WIRE_CHALLENGE S("challenge")
#define AUTHORITY_WIRE_YES S("yes")
#define AUTHORITY_WIRE_NO S("no")

/* All of it but the response. */
void authority_wire_put_question(const struct authority_question *q, struct buf *to);
bool authority_wire_take_question(str bytes, struct authority_question *q) MUST_USE;

/* Of a NO: the reply and the reason; reason lies in the bytes. */
void authority_wire_put_refusal(const struct fail *why, const char *reason, struct buf *to);
bool authority_wire_take_refusal(str bytes, struct fail *why, str *reason) MUST_USE;

#endif
