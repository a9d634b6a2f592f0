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

#endif
