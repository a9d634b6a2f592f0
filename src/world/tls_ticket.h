/*
 * world/tls_ticket - the keys of session tickets (RFC 5077, 8446 section 4.6.1)
 *
 * A client that comes again shows a ticket and saves both sides the costly half of the handshake.
 * All servers of the process share the keys, so that it may meet another worker, or a renewed
 * certificate.  The keys are never written down; a new one is made every TLS_TICKET_KEY_MS, and one
 * is forgotten after TLS_TICKET_KEYS of these times: who steals them reads no older sessions.
 */
#ifndef WORLD_TLS_TICKET_H
#define WORLD_TLS_TICKET_H

#include "world/tls_inside.h"

#define TLS_TICKET_KEY_MS 3600000
#define TLS_TICKET_KEYS 3
#define TLS_TICKET_LIFE_S 7200 /* what clients are told; all keys live longer */

void tls_ticket_setup(SSL_CTX *c);

#endif
