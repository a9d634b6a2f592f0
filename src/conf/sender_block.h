/*
 * conf/sender_block - the readers of conf/rows_sender.h
 */
#ifndef CONF_SENDER_BLOCK_H
#define CONF_SENDER_BLOCK_H

#include "conf/schema.h"

conf_reader conf_sender_block_section; /* a structure that begins with a struct conf_block_on */
conf_reader conf_sender_block_id;      /* str, a name of a server */

#endif
