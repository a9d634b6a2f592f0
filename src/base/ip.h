/*
 * base/ip - Internet addresses and networks as data
 *
 * No address is ever looked up here.  An IPv4 address mapped into IPv6 (::ffff:a.b.c.d) is read as
 * the IPv4 address that it is, so that a network matches it whichever socket it came in by.
 */
#ifndef BASE_IP_H
#define BASE_IP_H

#include "base/str.h"

struct ip {
	uint8_t family; /* 4 or 6; 0: none */
	uint8_t bytes[16];
};

struct ip_net {
	struct ip ip;
	uint8_t prefix_bits;
};

/* Where to connect or listen: an address and a port, or the path of a unix socket. */
#define IP_PATH_MAX 108
struct endpoint {
	struct ip ip; /* family 0: path holds */
	uint16_t port;
	char path[IP_PATH_MAX];
};

#define IP_TEXT_MAX 48
#define ENDPOINT_TEXT_MAX 128

bool ip_parse(str s, struct ip *ip) MUST_USE; /* brackets around IPv6 are allowed */
char *ip_print(const struct ip *ip, char to[IP_TEXT_MAX]);
bool ip_eq(const struct ip *a, const struct ip *b) MUST_USE;
bool ip_loopback(const struct ip *ip) MUST_USE;
bool ip_unspecified(const struct ip *ip) MUST_USE; /* 0.0.0.0 or :: */

/* "192.168.0.0/24", "::1", "[fe80::]/10"; bits behind the prefix must be zero. */
bool ip_net_parse(str s, struct ip_net *net) MUST_USE;
char *ip_net_print(const struct ip_net *net, char to[IP_TEXT_MAX]);
bool ip_net_has(const struct ip_net *net, const struct ip *ip) MUST_USE;

/* "127.0.0.1:25", "[::1]:25", "unix:/path"; a port is required where port_default is 0. */
bool endpoint_parse(str s, uint16_t port_default, struct endpoint *e) MUST_USE;
/* "127.0.0.1@5353", as resolvers are written; port 53 where none is said. */
bool endpoint_parse_server(str s, struct endpoint *e) MUST_USE;
char *endpoint_print(const struct endpoint *e, char to[ENDPOINT_TEXT_MAX]);
bool endpoint_eq(const struct endpoint *a, const struct endpoint *b) MUST_USE;

#endif
