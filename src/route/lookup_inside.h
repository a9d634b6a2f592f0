/*
 * route/lookup_inside - what a table is made of, for route/lookup and route/lookup_set
 */
#ifndef ROUTE_LOOKUP_INSIDE_H
#define ROUTE_LOOKUP_INSIDE_H

#include "route/alias_table.h"
#include "route/lookup.h"
#include "route/lookup_cache.h"
#include "route/lookup_rules.h"

#define LOOKUP_KEY_MAX 1024 /* of a row */

struct lookup {
	const struct conf_table *conf;
	struct alias_table *rows;   /* of a file: each key has one target, the value */
	struct lookup_rules *rules; /* of cidr and pcre */
	struct source *source;      /* of the others, with their cache */
	struct lookup_cache *cache;
	struct source_setup setup; /* of the source, with the password */
	struct arena arena;        /* what the rules and the setup point into */
	struct lookup_line *lines; /* of the rules, as they are written into a generation */
	size_t line_count;
};

struct lookup_set {
	int references; /* atomic: routers of one configuration share it */
	struct conf *conf;
	struct lookup *items; /* as conf->tables */
};

/* An empty one; then each of its tables is opened by one of these two.  The second reads the first
 * line of the password file, where there is one.  Last, the sources are started: a set that is
 * refused has started no thread. */
struct lookup_set *lookup_set_new(struct conf *c) MUST_USE;
void lookup_set_begin_rows(struct lookup *t);
bool lookup_set_open_remote(
	struct lookup *t, lookup_read *read, void *owner, struct fail *why) MUST_USE;
void lookup_set_start(struct lookup_set *s);

/* A key as rows have it: in lower case (ASCII). */
str lookup_set_fold(str key, char to[LOOKUP_KEY_MAX]);

#endif
