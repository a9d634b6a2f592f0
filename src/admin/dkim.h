/*
 * admin/dkim - facteur dkim: make keys to sign with, and see which ones the DNS shows
 */
#ifndef ADMIN_DKIM_H
#define ADMIN_DKIM_H

#include "base/buf.h"

/* words: "genkey" or "status", and the options.  Returns the exit code; *answered: *out is the
 * answer, else it says what is wrong. */
int dkim_command(
	const str *words, size_t count, str dir, bool json, struct buf *out, bool *answered);

/* --- one file for each */

int dkim_genkey(const str *words, size_t count, bool json, struct buf *out, bool *answered);
int dkim_status(
	const str *words, size_t count, str dir, bool json, struct buf *out, bool *answered);

#endif
