/*
 * conf/transport - the words that make a transport
 */
#ifndef CONF_TRANSPORT_H
#define CONF_TRANSPORT_H

#include "conf/schema.h"

/* Readers; their field is the whole struct conf_transport. */
conf_reader conf_transport_smtp;
conf_reader conf_transport_lmtp;
conf_reader conf_transport_maildir;
conf_reader conf_transport_pipe;
conf_reader conf_transport_discard;
conf_reader conf_transport_error;
conf_reader conf_transport_port;
conf_reader conf_transport_forward;
conf_reader conf_transport_user; /* its field is a str */
conf_reader conf_transport_source;

/* Does each word that was written mean something to this kind of transport?  way: what it is called
 * in the file.  False: reported. */
bool conf_transport_words_fit(
	struct conf_builder *b, const struct conf_transport *t, const char *way) MUST_USE;

/* All words of the block have been read: it must say one way, nothing that means nothing to it, and
 * it gets the defaults that depend on the way.  False: reported. */
bool conf_transport_finish(
	struct conf_builder *b, const struct conf_word *at, struct conf_transport *t) MUST_USE;

#endif
