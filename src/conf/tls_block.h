/*
 * conf/tls_block - the readers of conf/rows_tls.h, and what pairs and listeners must have
 */
#ifndef CONF_TLS_BLOCK_H
#define CONF_TLS_BLOCK_H

#include "conf/schema.h"

conf_reader conf_tls_block;            /* struct conf_tls: the section, or NAME ... { } */
conf_reader conf_tls_block_file;       /* struct conf_file */
conf_reader conf_tls_block_digests;    /* struct conf_tls_peer: its digests */
conf_reader conf_tls_block_names;      /* struct conf_tls_peer: its names */
conf_reader conf_tls_block_mechanisms; /* bits of enum sasl_mechanism */

/* A listener's own words are all read.  False: reported. */
bool conf_tls_block_listener(struct conf_builder *b, const struct conf_listener *l) MUST_USE;

/* A transport's words are all read: what its level needs is there, and nothing besides. */
bool conf_tls_block_transport(struct conf_builder *b, const struct conf_transport *t) MUST_USE;

/* Everything is read: who shows TLS has something to show. */
void conf_tls_block_check(struct conf_builder *b);

#endif
