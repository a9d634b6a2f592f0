/*
 * conf/ways_read - readers of the words in conf/rows_ways.h
 */
#ifndef CONF_WAYS_READ_H
#define CONF_WAYS_READ_H

#include "conf/schema.h"

conf_reader conf_ways_read_languages;  /* struct conf_languages */
conf_reader conf_ways_read_aliases;    /* struct conf_domain */
conf_reader conf_ways_read_programs;   /* a pointer to a struct conf_transport */
conf_reader conf_ways_read_files;      /* the same */
conf_reader conf_ways_read_relay;      /* struct conf_domain */
conf_reader conf_ways_read_mailboxes;  /* struct conf_domain */
conf_reader conf_ways_read_route_from; /* struct conf */

#endif
