/*
 * world/sock_address - endpoints as the kernel has them, and back
 */
#ifndef WORLD_SOCK_ADDRESS_H
#define WORLD_SOCK_ADDRESS_H

#include <sys/socket.h>

#include "base/ip.h"

/* Returns the length of the address. */
socklen_t sock_address_of(const struct endpoint *e, struct sockaddr_storage *to);

/* An IPv4 address mapped into IPv6 is read as IPv4; an unnamed unix socket has an empty path. */
void sock_address_read(const struct sockaddr_storage *from, socklen_t size, struct endpoint *to);

int sock_address_family(const struct endpoint *e) MUST_USE; /* AF_INET, AF_INET6, AF_UNIX */

#endif
