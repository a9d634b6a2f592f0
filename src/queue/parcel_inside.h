/*
 * queue/parcel_inside - what writing and reading share
 */
#ifndef QUEUE_PARCEL_INSIDE_H
#define QUEUE_PARCEL_INSIDE_H

#include "queue/parcel.h"

#define PARCEL_FIRST_LINE "facteur-parcel 1"
#define PARCEL_UNREADABLE_WORD "unreadable"
#define PARCEL_SUM_DIGITS 64
#define PARCEL_FLAG_COUNT 7

struct parcel_flag {
	str name;
	unsigned flag;
};
extern const struct parcel_flag parcel_flags[PARCEL_FLAG_COUNT];

void parcel_sum_begin(struct parcel_sum *s);
void parcel_sum_add(struct parcel_sum *s, str bytes);
void parcel_sum_print(struct parcel_sum *s, char to[PARCEL_SUM_DIGITS + 1]);

#endif
