/*
 * conf/login_block - readers of the words of the block login
 */
#ifndef CONF_LOGIN_BLOCK_H
#define CONF_LOGIN_BLOCK_H

#include "conf/schema.h"

/* Each gets the structure of the block. */
conf_reader conf_login_block_dovecot;
conf_reader conf_login_block_domain;
conf_reader conf_login_block_send_as;
conf_reader conf_login_block_limits_of;

/* No listener says login where nobody can be asked, or in clear. */
void conf_login_block_check(struct conf_builder *b);

#endif
