/*
 * admin/queue_import - parcels from the command line into the queue
 *
 * Each message is made durable before the next one is taken; a message that is damaged, and all
 * behind it, is refused, and the answer says how many were taken before.
 */
#ifndef ADMIN_QUEUE_IMPORT_H
#define ADMIN_QUEUE_IMPORT_H

#include "admin/talk.h"
#include "flow/dispatch.h"

void queue_import_begin(struct dispatch *d, struct talk *t, bool json);

#endif
