/*
 * conf/block - walks the directives of a block and has each read by its row of the schema
 *
 * Here it is decided what is unknown, misplaced, given twice, or the work of a later version, and
 * what holds when nothing is written.
 */
#ifndef CONF_BLOCK_H
#define CONF_BLOCK_H

#include "conf/schema.h"

/* Read directives that stand in a block into its structure.  Errors are reported and counted. */
void conf_block_read(
	struct conf_builder *b, unsigned in, void *base, const struct conf_directives *directives);

/* Write the presets of a block, and of the sections in it, into its structure. */
void conf_block_preset(struct conf_builder *b, unsigned in, void *base);

/* Read a block that adds to nothing read before into base; false: reported. */
bool conf_block_whole(
	struct conf_builder *b, unsigned in, const struct conf_directive *d, void *base) MUST_USE;

/* A block of its own begins: nothing has been written in it, and its presets hold. */
void conf_block_begin(struct conf_builder *b, unsigned in, void *base);

/* The block of a route or a mailbox; null: reported. */
struct conf_way *conf_block_way(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d) MUST_USE;

/* The form of a pattern in tables: "*", ".example.org", "example.org", "user@example.org".  False:
 * it is none. */
bool conf_block_pattern(struct arena *a, str pattern, str *key) MUST_USE;

/* A thing with a name and a block: claims the name, reads the block into base; false: reported. */
bool conf_block_thing(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *base) MUST_USE;

/* Readers of what opens a block.  The field of the named ones is the whole struct conf. */
conf_reader conf_block_section; /* the structure of the section */
conf_reader conf_block_listen;
conf_reader conf_block_transport;
conf_reader conf_block_route;
conf_reader conf_block_domain;
conf_reader conf_block_mailbox;

#endif
