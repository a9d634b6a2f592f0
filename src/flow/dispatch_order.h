/*
 * flow/dispatch_order - what the admin orders of a message in the queue
 *
 * In the main loop.  A recipient that is in hand, because a delivery or a bounce is on its way, is
 * left alone.  Each order says how many recipients it was for, is logged, and is durable as any
 * outcome is; one that ends the last recipient ends the message.
 */
#ifndef FLOW_DISPATCH_ORDER_H
#define FLOW_DISPATCH_ORDER_H

#include "flow/dispatch.h"

/* wanted: of each recipient whether it is meant; null: all. */
typedef size_t dispatch_order(struct dispatch *d, struct promise *m, const bool *wanted);

dispatch_order dispatch_order_retry;   /* now, whatever was planned */
dispatch_order dispatch_order_hold;    /* until it is released */
dispatch_order dispatch_order_release; /* and tried at once */
dispatch_order dispatch_order_bounce;  /* back to its sender */
dispatch_order dispatch_order_delete;  /* nobody is told */

#endif
