/*
 * base/intern - texts that many share, each kept once
 *
 * A million recipients that wait have mostly heard the same few words.  Texts are counted
 * references; a zeroed set is ready; one thread.  The hash is that of base/map.
 */
#ifndef BASE_INTERN_H
#define BASE_INTERN_H

#include "base/str.h"

struct intern_text;

struct intern {
	struct intern_text **buckets;
	size_t bucket_count, count;
};

struct intern_text *intern_keep(struct intern *set, str bytes) MUST_USE;
struct intern_text *intern_again(struct intern_text *t) MUST_USE; /* one more reference */
void intern_drop(struct intern *set, struct intern_text *t);      /* null is allowed */
str intern_bytes(const struct intern_text *t) MUST_USE;

void intern_free(struct intern *set); /* the table; its texts have been dropped, or are so now */

#endif
