/*
 * route/lookup - tables, opened: what does it say of this key?
 *
 * A table of the configuration, whose rows were read from text files or from a generation, or which
 * asks a database or a directory (world/source).  The first kind answers at once, the second later,
 * but for what its cache knows.  Tables are read-only, shared by all threads, and go with the last
 * reference of their set.
 */
#ifndef ROUTE_LOOKUP_H
#define ROUTE_LOOKUP_H

#include "base/arena.h"
#include "base/regex.h"
#include "conf/conf.h"

struct lookup; /* opaque */

/* --- a set: all tables of a configuration --- */

struct lookup_set;

/* Gives the text of a file, as alias_include does. */
typedef bool lookup_read(void *owner, struct arena *a, str path, str *text, struct fail *why);

/* From the text files.  Errors are put into the report, one a line, "file:line:column: ..."; null:
 * there was one.  Passwords are read, too. */
struct buf;
struct lookup_set *lookup_set_read(
	struct conf *c, lookup_read *read, void *owner, struct buf *report) MUST_USE;

/* Each table that has rows as a file of a generation, and back. */
bool lookup_compiled_write(const struct lookup_set *s, str folder, struct fail *why) MUST_USE;
struct lookup_set *lookup_compiled_load(
	struct conf *c, str folder, lookup_read *read, void *owner, struct fail *why) MUST_USE;

struct lookup_set *lookup_set_keep(struct lookup_set *s);
void lookup_set_drop(struct lookup_set *s); /* null is allowed */

const struct lookup *lookup_set_at(const struct lookup_set *s, const struct conf_table *t) MUST_USE;
const struct lookup *lookup_set_named(const struct lookup_set *s, str name) MUST_USE; /* or null */
const struct conf_table *lookup_conf(const struct lookup *t) MUST_USE;

/* The rows of a table that has them, for the checks of a compile.  False: no more. */
bool lookup_row(const struct lookup *t, size_t index, str *value, struct conf_origin *at) MUST_USE;
/* Its key; "" where rows are expressions or networks. */
str lookup_row_key(const struct lookup *t, size_t index) MUST_USE;

/* --- asking --- */

enum lookup_end { LOOKUP_NONE, LOOKUP_FOUND, LOOKUP_FAILED };

struct lookup_answer {
	enum lookup_end end;
	str value;
	struct conf_origin at; /* the row; or the table, where it has none */
	struct fail why; /* FAILED: with the table's name; its on-failure says what it means */
};

/* What it means that the table gave no answer, and the reply where that is a refusal, which names
 * the table's line and tells a stranger nothing more. */
enum conf_failure lookup_failure(const struct lookup *t, struct fail *reply);

#define LOOKUP_STEPS_MAX 4000000 /* of expressions, for one key */

/* True: *answer is there.  False: it must be asked.  The value is in the arena, or lives as long as
 * the set.  budget: of the expressions; null: LOOKUP_STEPS_MAX.  Keys of rows know no upper and
 * lower case; expressions see the key as it is. */
bool lookup_now(const struct lookup *t, struct arena *a, str key, struct regex_budget *budget,
	int64_t now_ms, struct lookup_answer *answer) MUST_USE;

struct lookup_question {
	void (*answered)(struct lookup_question *q); /* in the loop, never inside lookup_ask */
	struct lookup_answer answer;                 /* its value lives until answered returns */
	const struct lookup *table;                  /* its own, like what follows */
	struct loop *loop;
	str key;
	struct source_question source;
};

/* key lives until the answer.  No set may go while one of its questions is open. */
void lookup_ask(const struct lookup *t, struct loop *l, str key, struct lookup_question *q);
void lookup_cancel(struct lookup_question *q); /* one that is not open is allowed */

#endif
