/*
 * conf/ways_read - readers of the words in conf/rows_ways.h
 */
#ifndef CONF_WAYS_READ_H
#define CONF_WAYS_READ_H

#include "conf/schema.h"

conf_reader conf_ways_read_languages; /* struct conf_languages */

#endif
