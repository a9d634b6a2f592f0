/*
 * base/mem - the only place that asks the C library for memory
 *
 * Running out of memory ends the process: the queue survives a crash, half a message in a half
 * working process does not.  What a stranger can make grow is bounded before it comes here, by the
 * limits of arenas and buffers.  The simulated world links another mem.c, which frees everything
 * that a machine owned when its power is cut.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include "base/str.h"

void *mem_alloc(size_t n) MUST_USE;         /* not zeroed */
void *mem_zero(size_t n) MUST_USE;          /* zeroed */
void *mem_grow(void *p, size_t n) MUST_USE; /* as realloc */
void mem_free(void *p);                     /* null is allowed */

/* One zeroed object of a type. */
#define MEM_NEW(type) ((type *)mem_zero(sizeof(type)))

/* A copy of s that the caller frees; p is never null. */
str mem_copy(str s) MUST_USE;

#endif
