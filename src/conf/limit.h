/*
 * conf/limit - a limit of the configuration has decided: which one, and the line that set it P7
 */
#ifndef CONF_LIMIT_H
#define CONF_LIMIT_H

#include "conf/conf.h"

/* Put the limit's name and its line, or "default", into *why (null is allowed).  word: a word of
 * the block limits, or of login, which lives as long as the program. */
void conf_limit_blame(const struct conf *c, const char *word, struct fail *why);

#endif
