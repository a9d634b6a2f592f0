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

size_t dispatch_order_retry(struct dispatch *d, struct promise *m); /* now, whatever was planned */
size_t dispatch_order_hold(struct dispatch *d, struct promise *m);  /* until it is released */
size_t dispatch_order_release(struct dispatch *d, struct promise *m); /* and tried at once */
size_t dispatch_order_bounce(struct dispatch *d, struct promise *m);  /* back to its sender */
size_t dispatch_order_delete(struct dispatch *d, struct promise *m);  /* nobody is told */

#endif
