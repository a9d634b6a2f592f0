/*
 * conf/value - readers of what follows a word
 *
 * Each reads the values of one directive into the field that its row names, or reports what was
 * expected and what stood there.  How values are written is said in facteur.conf(5).
 */
#ifndef CONF_VALUE_H
#define CONF_VALUE_H

#include "conf/schema.h"

#define CONF_NAME_MAX 64 /* of listeners, transports, users */

/* The fields' types stand behind. */
conf_reader conf_value_hostname;    /* struct conf_text */
conf_reader conf_value_address;     /* struct conf_text */
conf_reader conf_value_target;      /* struct conf_text: address, local part, /dev/null */
conf_reader conf_value_name;        /* str */
conf_reader conf_value_named;       /* struct conf_text: the name of another thing */
conf_reader conf_value_string;      /* str: whatever it is */
conf_reader conf_value_text;        /* struct conf_text: whatever it is */
conf_reader conf_value_path;        /* str, absolute */
conf_reader conf_value_paths;       /* struct conf_texts, as written */
conf_reader conf_value_nets;        /* struct conf_nets */
conf_reader conf_value_nets_but;    /* struct conf_nets; !NETWORK is an exception */
conf_reader conf_value_listen;      /* struct conf_endpoints; ADDRESS:PORT, *:PORT */
conf_reader conf_value_servers;     /* struct conf_endpoints; ADDRESS[@PORT] */
conf_reader conf_value_sub_address; /* str */
conf_reader conf_value_count;       /* unsigned */
conf_reader conf_value_size;        /* uint64_t, octets */
conf_reader conf_value_length;      /* size_t, octets */
conf_reader conf_value_time;        /* int64_t, milliseconds */
conf_reader conf_value_retry;       /* struct conf_queue: its series */
conf_reader conf_value_choice;      /* an enum, by the row's choices */
conf_reader conf_value_flag;        /* an enum: the word itself is the row's one choice */

/* From one to max values follow the word, or it is an error that says what it takes. */
bool conf_value_words(struct conf_builder *b, const struct conf_directive *d, size_t max,
	const char *takes) MUST_USE;

/* The one value that there must be; null: reported. */
const struct conf_word *conf_value_one(
	struct conf_builder *b, const struct conf_directive *d, const char *takes) MUST_USE;

/* Something else was expected.  Returns false. */
bool conf_value_wrong(struct conf_builder *b, const struct conf_directive *d,
	const struct conf_word *word, const char *takes);

/* A name that the admin gives: letters, digits, '.', '_' and '-'. */
bool conf_value_is_name(str s) MUST_USE;

/* NAME or .NAME in table form, in the arena.  False: it is none. */
bool conf_value_domain(struct arena *a, str text, str *key) MUST_USE;

#endif
