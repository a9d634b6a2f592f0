#include "conf/login.h"

bool conf_login_any(const struct conf_login *login)
{
	return login->passwd_file.n > 0 || login->dovecot.ip.family != 0 ||
	       login->dovecot.path[0] != '\0';
}
