/*
 * flow/errand - what the dispatcher has others do besides deliveries
 *
 * Each errand is on its way (dispatch_begin) until it has come back, and the schedule knows.
 */
#ifndef FLOW_ERRAND_H
#define FLOW_ERRAND_H

#include "flow/dispatch.h"

/* For a HANG_UP: close the connection; the slot is given back when it is closed. */
void errand_hang_up(struct dispatch *d, const struct schedule_act *act);

/* For a RESOLVE: ask for the MX hosts of a next hop. */
void errand_look_up(struct dispatch *d, const struct schedule_act *act);

#endif
