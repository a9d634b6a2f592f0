/*
 * conf/schema - every word of the configuration language: one row, one place
 *
 * A row says where its word may stand, who reads what follows it, into which field, what holds when
 * nobody writes it, and what the manual says.  A row that does not fit its field does not compile.
 */
#ifndef CONF_SCHEMA_H
#define CONF_SCHEMA_H

#include "conf/builder.h"

/* The blocks in which words stand. */
enum {
	CONF_IN_TOP = 1 << 0,
	CONF_IN_NEWLINES = 1 << 1,
	CONF_IN_LISTEN = 1 << 2,
	CONF_IN_TRANSPORT = 1 << 3,
	CONF_IN_WAY = 1 << 4, /* of routes and mailboxes */
	CONF_IN_DOMAIN = 1 << 5,
	CONF_IN_QUEUE = 1 << 6,
	CONF_IN_LIMITS = 1 << 7,
	CONF_IN_RESOLVER = 1 << 8,
	CONF_IN_DIRECTORIES = 1 << 9,
	CONF_IN_LOG = 1 << 10,
	CONF_IN_PROVIDER = 1 << 11,
	CONF_IN_TLS = 1 << 12,
	CONF_IN_TLS_NAME = 1 << 13,
	CONF_IN_SRS = 1 << 14,
	CONF_IN_ARC = 1 << 15,

	CONF_IN_QUARANTINE = 1 << 19,

	CONF_IN_ALIASES = 1 << 20,
	CONF_IN_CALL_OUT = 1 << 21,

	CONF_IN_SPF = 1 << 22,
	CONF_IN_DKIM = 1 << 23,
	CONF_IN_RESULTS = 1 << 24,
	CONF_IN_SIGN = 1 << 25,
	CONF_IN_DMARC = 1 << 26,

	CONF_IN_TABLE = 1 << 27,
	CONF_IN_ACCESS = 1 << 28,
	CONF_IN_REWRITE = 1 << 29,
	CONF_IN_LOGIN = 1 << 30,
	CONF_IN_COPY = 1U << 31,
};

/* What may follow the word. */
enum conf_shape {
	CONF_VALUES,  /* values, no block */
	CONF_OPEN,    /* values, and perhaps a block */
	CONF_SECTION, /* a block, whose content adds up; or one directive of it, without braces */
	CONF_APART,   /* the same, once, and read into a thing of its own */
	CONF_NAMED,   /* what it is for, and a block */
	CONF_EITHER,  /* a section, or with names in front of its block a named one */
};

/* Words of one group exclude each other; the group is named by what they say. */
enum conf_group {
	CONF_GROUP_NONE,
	CONF_GROUP_KIND,   /* of a transport */
	CONF_GROUP_FORMAT, /* of the log */
	CONF_GROUP_ANSWER, /* where the resolver asks */
	CONF_GROUP_WHOLE,  /* who has the mailboxes of a domain */
	CONF_GROUP_DMARC,  /* how far its policy is followed */
	CONF_GROUP_SOURCE, /* of a table */
};

struct conf_choice {
	str word;
	unsigned value;
	bool later; /* known, and the work of a later version */
};

/* Reads the values of d into field; false: it has reported why (conf_builder_error). */
typedef bool conf_reader(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field);

struct conf_row {
	unsigned in; /* CONF_IN_... */
	str word;
	enum conf_shape shape;
	conf_reader *read; /* null: known, and the work of a later version */
	size_t offset;     /* of the field, in the structure of the block */
	unsigned block;    /* of sections and named ones: the block that they open */
	bool adds_up;      /* may be written again: a list */
	enum conf_group group;
	const char *preset; /* what holds when it is not written, as one would write it; or null */
	uint64_t min, max;  /* of numbers, octets and milliseconds; max 0: as much as fits */
	const struct conf_choice *choices;
	size_t choice_count;
	unsigned kinds;           /* of transports that it means something to, as bits; 0: to all */
	const char *takes, *text; /* for the manual: the values, and a sentence or more */
};

extern const struct conf_row conf_schema[];
extern const size_t conf_schema_count;

/* The row of a word in a block; null: unknown there. */
const struct conf_row *conf_schema_find(unsigned in, str word) MUST_USE;

/* Where the word of a row was written in this block; line 0: nowhere yet. */
struct conf_origin *conf_schema_seen(struct conf_builder *b, const struct conf_row *row) MUST_USE;

/* "queue": the word that opens a block; "" for the top. */
str conf_schema_block(unsigned in) MUST_USE;

#endif
