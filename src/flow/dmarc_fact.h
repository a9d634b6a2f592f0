/*
 * flow/dmarc_fact - what an aggregate report tells of one message, as a text       RFC 9990
 *
 * Lines of a word and a value; equal messages of a day have equal texts, so that they can be
 * counted.  It is about the domain whose policy was found.
 */
#ifndef FLOW_DMARC_FACT_H
#define FLOW_DMARC_FACT_H

#include "base/buf.h"
#include "flow/judge_inside.h"

/* False: no policy was found, so nobody is told. */
bool dmarc_fact(const struct judge *j, struct buf *to) MUST_USE;

#endif
