/*
 * conf/table - tables that are looked into, and where they are used
 *
 * A table is a block of its own ("table NAME { ... }"), or is written where it is used, as in
 * Postfix: "hash:FILE", "pcre:FILE", "cidr:FILE".
 */
#ifndef CONF_TABLE_H
#define CONF_TABLE_H

#include "conf/schema.h"

/* Readers of words.  The fields' types stand behind. */
conf_reader conf_table_block;      /* the whole struct conf */
conf_reader conf_table_files;      /* struct conf_table: file, pcre, cidr */
conf_reader conf_table_sqlite;     /* struct conf_table */
conf_reader conf_table_pgsql;      /* struct conf_table */
conf_reader conf_table_ldap;       /* struct conf_table */
conf_reader conf_table_attributes; /* struct conf_table */
conf_reader conf_table_uses;       /* struct conf_uses */
conf_reader conf_table_addresses;  /* struct conf_texts */
conf_reader conf_table_masks;      /* struct conf_texts: [!]DOMAIN, lower case, ASCII */
conf_reader conf_table_locals;     /* struct conf_texts: local parts, in lower case */

/* Finds the tables that are named where they are used; what is wrong is reported. */
void conf_table_resolve(struct conf_builder *b);

/* SQL with %s, %u and %d (and '%s', as Postfix has it) into SQL with numbered parameters.  The text
 * is in the arena.  False: *why.text says what cannot be. */
bool conf_table_sql(
	struct arena *a, str text, struct source_setup *setup, struct fail *why) MUST_USE;

#endif
