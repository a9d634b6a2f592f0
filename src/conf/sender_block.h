/*
 * conf/sender_block - the readers of conf/rows_sender.h
 */
#ifndef CONF_SENDER_BLOCK_H
#define CONF_SENDER_BLOCK_H

#include "conf/schema.h"

conf_reader conf_sender_block_section; /* a structure that begins with a struct conf_block_on */
conf_reader conf_sender_block_file;    /* struct conf_sign_file */
conf_reader conf_sender_block_rows;    /* struct conf_sign: the signing table */
conf_reader conf_sender_block_lists;   /* struct conf_dmarc: its lists */
conf_reader conf_sender_block_names;   /* struct conf_srs: its domains */
conf_reader conf_sender_block_id;      /* str, a name of a server */

/* Everything is read: what signs has its tables, what rewrites its secrets and a domain. */
void conf_sender_block_check(struct conf_builder *b);

#endif
