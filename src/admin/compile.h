/*
 * admin/compile - check, compile and rollback, as the command line says them
 *
 * For people: each error and warning as "file:line:column: ...", then one line of what came of it.
 * As JSON: ok, generation (in force; 0: none), changed, messages with kind ("error" or "warning"),
 * place and text, and why where it is not ok.
 */
#ifndef ADMIN_COMPILE_H
#define ADMIN_COMPILE_H

#include "base/buf.h"

/* verb: "check", "compile" or "rollback".  Returns the exit code: 0 done, 1 refused, 2 another
 * verb, 75 try again (another one is at work, the disk is full). */
int compile_command(str verb, str dir, bool json, struct buf *out);

#endif
