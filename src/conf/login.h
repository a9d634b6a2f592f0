/*
 * conf/login - who may log in, and what a login may do
 *
 * login { passwd-file FILE; dovecot unix:PATH; ... }, and login of a listener.
 */
#ifndef CONF_LOGIN_H
#define CONF_LOGIN_H

#include "base/ip.h"
#include "conf/read.h"

/* Of a listener. */
enum conf_listener_login { CONF_LOGIN_NONE, CONF_LOGIN_OFFERED, CONF_LOGIN_REQUIRED };

enum conf_hide_client { CONF_CLIENT_SHOWN, CONF_CLIENT_HIDDEN };

/* send-as LOGIN ADDRESS | @DOMAIN | * ... */
struct conf_send_as {
	str login;   /* in table form */
	str pattern; /* an address in table form, "@domain" or "*" */
	struct conf_origin origin;
};

/* limits-of LOGIN MESSAGES RECIPIENTS */
struct conf_login_limits {
	str login;
	unsigned messages, recipients; /* an hour; 0: no limit */
	struct conf_origin origin;
};

struct conf_login {
	str passwd_file;         /* absolute; "" is none */
	struct endpoint dovecot; /* family 0 and no path: none */
	int64_t dovecot_ms_max;
	int64_t refusal_ms;                    /* from a try to its no */
	unsigned tries_max;                    /* of one session */
	str default_domain;                    /* of logins without one; "": the hostname */
	unsigned messages_max, recipients_max; /* an hour; 0: no limit */
	enum conf_hide_client client;
	const struct conf_send_as *send_as;
	size_t send_as_count;
	const struct conf_login_limits *limits;
	size_t limit_count;
};

/* Is there anybody to ask? */
bool conf_login_any(const struct conf_login *login) MUST_USE;

#endif
