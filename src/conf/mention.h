/*
 * conf/mention - does the configuration name this file?
 */
#ifndef CONF_MENTION_H
#define CONF_MENTION_H

#include "conf/conf.h"

/* path: absolute; words are taken as paths from the configuration folder. */
bool conf_mention_file(const struct conf *c, str path) MUST_USE;

/* As a certificate or a key that listeners show? */
bool conf_mention_certificate(const struct conf *c, str path) MUST_USE;

#endif
