/*
 * sender/dataset - the rows of a flat file as opendkim reads one      opendkim(8), "DATA SETS"
 *
 * One row a line: a key, and behind white space a value.  "#" begins a comment, wherever it stands;
 * empty lines are passed over.  Everything that is found borrows the text.
 */
#ifndef SENDER_DATASET_H
#define SENDER_DATASET_H

#include "base/fail.h"
#include "base/str.h"

/* Plain data: set file and rest, the file's name and its text. */
struct dataset {
	str file, rest;
	unsigned line; /* of the row that was read last */
};

struct dataset_row {
	str key, value;        /* without white space around them; the value may be "" */
	unsigned line, column; /* column: of the value */
};

bool dataset_next(struct dataset *d, struct dataset_row *row) MUST_USE;

/* Returns false, and *why is "file:line:column: ...", of the row that was read last. */
bool dataset_wrong(const struct dataset *d, unsigned column, struct fail *why, const char *format,
	...) PRINTF_LIKE(4, 5);

#endif
