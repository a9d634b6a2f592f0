/*
 * world/logger - log records to standard error, or the journal behind it
 *
 * A line has the time in front, or, where standard error is systemd's journal, the priority in
 * the form of sd-daemon(3); a JSON line has "time" as its first member.  In the thread of a loop
 * lines are kept until the end of the round; warnings and errors are written at once.  Whoever
 * reads the log too slowly loses lines, and is told how many: mail never waits for the log.
 */
#ifndef WORLD_LOGGER_H
#define WORLD_LOGGER_H

#include "base/log.h"

#define LOGGER_HELD_MAX 65536 /* bytes that one thread keeps when nobody reads */

/* Send the records of base/log here.  Once, before threads; again to change level or format. */
void logger_setup(enum log_level lowest, enum log_format format);

void logger_flush(void);     /* write what this thread holds, as far as it can be written */
void logger_reopen(void);    /* behind a close of all that was open; before threads */
void logger_hold(bool hold); /* keep this thread's lines until logger_flush; false flushes */

#endif
