/*
 * conf/mention - what does the configuration name this file as?
 */
#ifndef CONF_MENTION_H
#define CONF_MENTION_H

#include "conf/conf.h"

enum conf_mention {
	CONF_MENTION_NONE,
	CONF_MENTION_FILE,        /* the value of some word */
	CONF_MENTION_CERTIFICATE, /* of listeners or transports, or of whom these trust; who may
				     read it, the word does not say */
	CONF_MENTION_SECRET,      /* a private key, a login table: for the vault alone */
};

/* path: absolute; words are taken as paths from the configuration folder. */
enum conf_mention conf_mention_file(const struct conf *c, str path) MUST_USE;

/* The i-th of the files that are secret; "" behind the last one. */
str conf_mention_secret(const struct conf *c, size_t i) MUST_USE;

#endif
