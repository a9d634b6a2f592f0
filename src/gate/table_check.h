/*
 * gate/table_check - do the rows of tables mean something where they are used?   a check of compile
 *
 * Rows of files are looked at; what a database says is found out when it says it.
 */
#ifndef GATE_TABLE_CHECK_H
#define GATE_TABLE_CHECK_H

#include "base/buf.h"
#include "route/route.h"

/* Puts errors into the report, "file:line:column: ..." a line; returns how many. */
size_t table_check(const struct router *r, struct buf *report) MUST_USE;

#endif
