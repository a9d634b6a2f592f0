/*
 * test/sim/files - the small files beside the spool: what a story has put there, and what the
 * daemon replaces
 *
 * Each is replaced as a whole and is stable at once, as world/file promises of the real ones.
 */
#ifndef TEST_SIM_FILES_H
#define TEST_SIM_FILES_H

#include "base/str.h"

#define FILES_MAX 16

void files_open(void); /* a new world has none */
void files_put(str path, str text);
bool files_get(str path, str *text) MUST_USE; /* false: there is no such file */

#endif
