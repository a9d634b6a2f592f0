/*
 * conf/ways - what an administrator says of ways in and out that are no plain transports
 *
 * What alias files may do, who has the mailboxes of a whole domain, routes by sender, and the
 * languages of bounces.  The words are in conf/rows_ways.h.
 */
#ifndef CONF_WAYS_H
#define CONF_WAYS_H

#include "conf/read.h"
#include "mail/dsn_words.h"

struct conf_transport;

/* aliases FILE ... { programs as USER; files as USER }: where |commands and /files in these files
 * lead; null: they are refused. */
struct conf_alias_file {
	str file; /* as written */
	const struct conf_transport *programs, *files;
};

struct conf_alias_files {
	const struct conf_alias_file *items;
	size_t count;
};

/* What a file that was written so allows; null: nothing. */
const struct conf_alias_file *conf_ways_alias_file(
	const struct conf_alias_files *files, str file) MUST_USE;

enum conf_call_out_failure { CONF_CALL_OUT_DEFER, CONF_CALL_OUT_ACCEPT };

/* call-out { ... }: asking who has the mailboxes whether a recipient is there */
struct conf_call_out {
	int64_t keep_ms, keep_unknown_ms, timeout_ms;
	enum conf_call_out_failure on_failure;
};

/* bounce-language LANGUAGE ... */
struct conf_languages {
	const enum dsn_language *items;
	size_t count; /* 0: English */
};

#endif
