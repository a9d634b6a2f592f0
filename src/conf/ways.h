/*
 * conf/ways - what an administrator says of ways in and out that are no plain transports
 *
 * The languages of bounces.  The words are in conf/rows_ways.h.
 */
#ifndef CONF_WAYS_H
#define CONF_WAYS_H

#include "mail/dsn_words.h"

/* bounce-language LANGUAGE ... */
struct conf_languages {
	const enum dsn_language *items;
	size_t count; /* 0: English */
};

#endif
