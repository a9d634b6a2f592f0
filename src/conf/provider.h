/*
 * conf/provider - the words of a provider: next hops that share limits
 */
#ifndef CONF_PROVIDER_H
#define CONF_PROVIDER_H

#include "conf/schema.h"

conf_reader conf_provider_block;   /* the field is the whole struct conf */
conf_reader conf_provider_replies; /* struct conf_texts: codes, statuses and words of replies */
conf_reader conf_provider_names;   /* struct conf_texts: names, or with a dot what is below them */

/* Is a name among these?  ".example.org" is all names below it.  Names are in lower case. */
bool conf_provider_has(const struct conf_texts *names, str name) MUST_USE;

#endif
