/*
 * world/source - a database or a directory that is asked what it has for a key
 *
 * SQLite, PostgreSQL (libpq) and LDAP (libldap, RFC 4511), in threads of their own: as many as it
 * may have connections.  A source that is slow, hung or dead costs those who ask it its timeout,
 * and nobody else anything: each has its own threads, what waits for them is bounded, and every
 * question has a deadline, the threads' work too.  The key is never pasted into a query: it is a
 * bound parameter, or escaped as RFC 4515 section 3 wants it.
 */
#ifndef WORLD_SOURCE_H
#define WORLD_SOURCE_H

#include "base/fail.h"
#include "world/loop.h"

enum source_kind { SOURCE_SQLITE, SOURCE_PGSQL, SOURCE_LDAP };
enum source_scope { SOURCE_SUB, SOURCE_ONE, SOURCE_BASE };
enum source_tls { SOURCE_CLEAR, SOURCE_START_TLS };

#define SOURCE_PARAMETERS_MAX 16 /* of one query */
#define SOURCE_ATTRIBUTES_MAX 8
#define SOURCE_ROWS_MAX 200           /* of one answer; more is an error */
#define SOURCE_VALUE_OCTETS_MAX 65536 /* of one answer, all rows together */
#define SOURCE_KEY_OCTETS_MAX 1024    /* a longer key is not there */

struct source_setup {
	enum source_kind kind;
	str place; /* a file; a connection string of libpq; URIs, with blanks between them */
	str query; /* SQL, with $1 or ?1 for the first of the parameters */
	char parameters[SOURCE_PARAMETERS_MAX]; /* of SQL, each: s the key, u its local part, d its
						   domain */
	unsigned parameter_count;
	str base, filter; /* LDAP: the filter has %s, %u and %d, and %% */
	str attributes[SOURCE_ATTRIBUTES_MAX];
	unsigned attribute_count;
	enum source_scope scope;
	str bind_name, password; /* "": anonymous */
	enum source_tls tls;
	str ca_file;        /* "": the system's */
	int64_t timeout_ms; /* of one question: connecting and answering */
	unsigned connections;
	unsigned waiting_max; /* questions that no connection serves yet */
};

/* Is it one that could be asked: the connection string, the URIs?  It asks nobody. */
bool source_check(const struct source_setup *setup, struct fail *why) MUST_USE;

/* The filter with a key in it, escaped.  False: it needs a domain and the key has none, or it is
 * longer than the size. */
bool source_filter(str filter, str key, char *to, size_t size) MUST_USE;

/* Before walls are put up around the process: libraries load plug-ins of their own when they are
 * used for the first time. */
void source_prepare(enum source_kind kind);

struct source;

/* It starts threads and connects when it is asked for the first time.  The setup and what it names
 * must outlive it. */
struct source *source_open(const struct source_setup *setup) MUST_USE;
void source_close(struct source *s); /* no question may be open, abandoned ones do no harm */

enum source_end {
	SOURCE_NONE,  /* it has nothing for this key */
	SOURCE_FOUND, /* the value: columns and rows, or values of attributes, joined by ", " */
	SOURCE_FAILED,
};

struct source_ask;

struct source_question {
	void (*answered)(struct source_question *q); /* in the loop, never inside source_ask */
	enum source_end end;
	str value;              /* until answered returns */
	struct fail why;        /* FAILED */
	struct source_ask *ask; /* its own */
};

void source_ask(struct source *s, struct loop *l, str key, struct source_question *q);

/* answered will not be called any more; one that is not open is allowed. */
void source_cancel(struct source_question *q);

/* Questions whose threads have not ended, in the whole process: they will ring the loops of those
 * who asked, who may have given up.  From any thread. */
unsigned source_unended(void) MUST_USE;

#endif
