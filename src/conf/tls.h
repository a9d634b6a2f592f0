/*
 * conf/tls - certificates and keys, and who shows them
 *
 * tls { certificate FILE; key FILE; minimum 1.2 | 1.3 }, tls NAME ... { certificate FILE; key FILE
 * } for clients that ask for that name, and certificate and key of a listener.
 */
#ifndef CONF_TLS_H
#define CONF_TLS_H

#include "base/str.h"
#include "conf/read.h"

struct conf_file {
	str path; /* absolute; "" where none is given */
	struct conf_origin origin;
};

/* A certificate chain and its key, PEM files: both or none. */
struct conf_pair {
	struct conf_file certificate, key;
};

enum conf_tls_minimum { CONF_TLS_1_2, CONF_TLS_1_3 };

struct conf_tls_name {
	struct conf_pair pair;
	str name; /* lower case, ASCII; with a dot in front: all names below it */
};

struct conf_tls {
	struct conf_pair pair;
	enum conf_tls_minimum minimum;
	const struct conf_tls_name *names;
	size_t name_count;
};

enum conf_listener_tls {
	CONF_LISTENER_OFF,
	CONF_LISTENER_OFFERED,
	CONF_LISTENER_REQUIRED,
	CONF_LISTENER_IMPLICIT,
};

/* Towards peers, with Postfix's meanings: each asks for more than the one before it. */
enum conf_tls_level {
	CONF_TLS_NONE,
	CONF_TLS_MAY,
	CONF_TLS_ENCRYPT,
	CONF_TLS_FINGERPRINT,
	CONF_TLS_VERIFY,
	CONF_TLS_SECURE,
};

#define CONF_DIGEST_OCTETS 32 /* SHA-256 */
#define CONF_TLS_NAMES_MAX 16 /* that a transport may match */

struct conf_digest {
	unsigned char octets[CONF_DIGEST_OCTETS];
};

enum conf_wrapper { CONF_WRAPPER_OFF, CONF_WRAPPER_ON };

/* What the level of a transport needs, and who we are there. */
struct conf_tls_peer {
	enum conf_wrapper wrapper;         /* tls-wrappermode: the handshake comes first */
	struct conf_file login;            /* credentials; "": we log in nowhere */
	unsigned mechanisms;               /* bits of enum sasl_mechanism; 0: all */
	struct conf_file trust;            /* authorities, PEM; "": those of the system */
	struct conf_pair pair;             /* our own certificate, for peers that ask for one */
	const struct conf_digest *digests; /* fingerprint: of certificates or of their keys */
	size_t digest_count;
	const str *names; /* match: names, .names, hostname, nexthop or dot-nexthop */
	size_t name_count;
};

struct conf;
struct conf_transport;
struct arena;

/* All that a connection's trust depends on, besides the level, as text in the arena. */
str conf_tls_key(struct arena *a, const struct conf_tls_peer *peer) MUST_USE;

/* The transports of a configuration, named or not, some of them more than once; null: no more. */
const struct conf_transport *conf_tls_transport(const struct conf *c, size_t i) MUST_USE;

#endif
