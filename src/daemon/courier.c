#include "daemon/courier.h"

#include "admin/generation.h"
#include "base/log.h"
#include "daemon/privilege.h"
#include "flow/permit.h"
#include "world/child.h"
#include "world/courier_forward.h"
#include "world/courier_office.h"
#include "world/courier_people.h"
#include "world/courier_watch.h"
#include "world/logger.h"

#define PARENT CHILD_DESCRIPTOR
#define CONTROL (CHILD_DESCRIPTOR + 1)

/* What may be ordered: the law of the office. */
struct office {
	str dir;
	struct router *router;
	struct permit *permit;
	int watch; /* of what dir calls current, since before it was looked there; -1: not yet */
	uint32_t number; /* of the user that a child is about to become */
};

static bool load(struct office *o, struct fail *why)
{
	struct router *router = generation_aliases(o->dir, why);

	if (!router)
		return false;
	permit_free(o->permit);
	router_drop(o->router);
	o->router = router;
	o->permit = permit_new(router, courier_people_min(COURIER_PEOPLE_FILE));
	return true;
}

/* Children that know what stood there before hear it from the former watch, which they have. */
static void watch(struct office *o)
{
	struct arena a;
	struct fail why;

	if (o->watch >= 0 && !courier_watch_changed(o->watch))
		return;
	courier_watch_close(o->watch);
	arena_init(&a, ARENA_UNLIMITED);
	o->watch = courier_watch_open(arena_copy(&a, o->dir).p, "current", &why);
	arena_free(&a);
	if (o->watch < 0)
		log_line(LOG_ERROR, "courier-not-renewed", "%s", why.text);
}

/* A generation that cannot be read leaves the former law in force: mail goes on by it, too. */
static int renew(void *owner)
{
	struct office *o = owner;
	struct fail why;

	watch(o); /* first: what changes from here on is heard */
	if (!generation_is_current(o->dir, router_conf(o->router)) && !load(o, &why))
		log_line(LOG_ERROR, "courier-not-renewed", "%s", why.text);
	return o->watch;
}

/* mail asks for what it finds in the configuration: who asks for more is not himself any more, or
 * has not been told to reload yet. */
static bool refused(str address, const struct fail *why)
{
	struct log_record r;

	log_open(&r, LOG_ERROR, "courier-refused");
	log_str(&r, "to", address);
	log_c(&r, "reason", why->text);
	log_close(&r);
	logger_flush();
	return false;
}

static bool may_user(void *owner, bool runs, str user, uint32_t number, struct fail *why)
{
	struct office *o = owner;

	o->number = number;
	return permit_user(o->permit, runs, user, number, why) || refused(S(""), why);
}

static bool read_forward(struct arena *a, str extension, str *text)
{
	enum courier_found found;
	struct buf file = { 0 };
	bool followed = courier_forward_look(extension, &found, &file, NULL);

	followed = followed && found == COURIER_FILE;
	*text = arena_copy(a, buf_str(&file));
	buf_free(&file);
	return followed;
}

static bool may_order(void *owner, const struct courier_whom *whom,
	const struct courier_order *order, struct fail *why)
{
	const struct office *o = owner;

	return permit_order(o->permit, whom, o->number, order, read_forward, why) ||
	       refused(whom->address, why);
}

int courier_serve(str dir, str user)
{
	struct office office = { .dir = dir, .watch = -1 };
	const struct courier_law law = {
		.renew = renew, .user = may_user, .order = may_order, .owner = &office
	};
	struct arena arena;
	struct fail why;

	child_settle("facteur-courier");
	privilege_of(PARENT);
	logger_setup(LOG_INFO, LOG_PLAIN);
	if (!load(&office, &why)) {
		log_line(LOG_ERROR, "not-started", "courier: %s", why.text);
		logger_flush();
		return 1;
	}
	privilege_ready("");
	arena_init(&arena, ARENA_UNLIMITED); /* the configuration goes with the next one */
	courier_office_serve(CONTROL, arena_copy(&arena, router_conf(office.router)->hostname.text),
		user, &law, COURIER_OFFICE_CHILDREN_MAX);
}
