/*
 * world/input - a file or standard input, line by line
 *
 * Blocking, for commands; it may be endless, and is never held in memory but for one line.
 */
#ifndef WORLD_INPUT_H
#define WORLD_INPUT_H

#include "base/fail.h"
#include "base/str.h"

#define INPUT_LINE_MAX 65536 /* what is longer is cut to this */

struct input;

/* path "-" is standard input.  Null: *why begins with the path. */
struct input *input_open(str path, struct fail *why) MUST_USE;
void input_close(struct input *in); /* null is allowed */

/* The next line, without its LF, valid until the next call.  False: the end, or a failure, which
 * *why says then (FAIL_NONE at the end). */
bool input_line(struct input *in, str *line, struct fail *why) MUST_USE;

/* Would somebody have to type it? */
bool input_is_terminal(void) MUST_USE;

#endif
