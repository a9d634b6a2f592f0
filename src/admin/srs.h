/*
 * admin/srs - the secrets of SRS for who runs, and the command facteur srs
 *
 * The server has the vault compute with them; commands of the administrator read the file.
 */
#ifndef ADMIN_SRS_H
#define ADMIN_SRS_H

#include "base/buf.h"
#include "route/route.h"

/* The router of the generation in force gets what rewrites.  Nothing, where nothing is to be. */
bool srs_open(struct router *r, struct fail *why) MUST_USE;

/* A new secret, for a line of its file. */
#define SRS_SECRET_TEXT 65
void srs_secret_make(char to[SRS_SECRET_TEXT]);

/* words: "encode ADDRESS", "decode ADDRESS" or "secret FILE".  Returns the exit code; *answered:
 * *out is the answer, as JSON if asked. */
int srs_command(
	str dir, const str *words, size_t count, bool json, struct buf *out, bool *answered);

#endif
