/*
 * bench/stamp - the line in each message that says which one it is, and when it was begun
 *
 *	X-Bench: 00000042 00000001234567890123
 *
 * It has a fixed length, and is found again below whatever fields a relay puts on top.
 */
#ifndef BENCH_STAMP_H
#define BENCH_STAMP_H

#include "base/str.h"

#define STAMP_OCTETS 40 /* with its CRLF */

void stamp_write(char to[STAMP_OCTETS + 1], size_t id, int64_t begun_us);
bool stamp_find(str bytes, size_t *id, int64_t *begun_us) MUST_USE;

#endif
