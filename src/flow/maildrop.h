/*
 * flow/maildrop - a delivery into Maildir folders, or into programs
 */
#ifndef FLOW_MAILDROP_H
#define FLOW_MAILDROP_H

#include "flow/delivery.h"

/* The same contract as outbound_deliver; there is no connection to keep. */
void maildrop_deliver(struct flow *f, struct delivery *d);

#endif
