#include "daemon/courier.h"

#include "admin/generation.h"
#include "base/log.h"
#include "daemon/privilege.h"
#include "world/child.h"
#include "world/courier_child.h"
#include "world/logger.h"

#define PARENT CHILD_DESCRIPTOR
#define CONTROL (CHILD_DESCRIPTOR + 1)

int courier_serve(str dir, str user)
{
	struct fail why;
	struct conf *c;

	child_settle("facteur-courier");
	privilege_of(PARENT);
	logger_setup(LOG_INFO, LOG_PLAIN);
	c = generation_conf(dir, &why);
	if (!c) {
		log_line(LOG_ERROR, "not-started", "courier: %s", why.text);
		logger_flush();
		return 1;
	}
	privilege_ready("");
	courier_child_office(CONTROL, c->hostname.text, user);
}
