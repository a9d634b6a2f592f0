#include "flow/permit.h"

#include <assert.h>

#include "base/map.h"
#include "base/mem.h"
#include "flow/program.h"
#include "mail/address.h"
#include "route/forward.h"
#include "route/router.h"
#include "world/courier_people.h"

/* A pattern with several places against a long text: nobody honest needs so many steps. */
#define STEPS_MAX 1000000

/* By a name in the configuration, and as "{local}". */
enum { WRITES = 1, RUNS = 2, LOCAL_WRITES = 4, LOCAL_RUNS = 8 };

struct permit {
	struct router *router;
	struct map users; /* to the bits, as a number in place of a pointer */
	unsigned local;   /* those of "{local}" for everybody */
	uint32_t people_min;
};

struct asked {
	const struct permit *permit;
	const struct courier_whom *whom;
	uint32_t number; /* of its user */
	const struct courier_order *order;
	permit_forward *read;
	char key_space[ADDRESS_KEY_MAX];
	str key; /* of the recipient; "" if he has none */
};

/* --- users -------------------------------------------------------------------------------------
 */

static unsigned bits_of(const struct permit *p, str user)
{
	return (unsigned)(uintptr_t)map_get(&p->users, user);
}

static void add_user(struct permit *p, str user, unsigned bits)
{
	(void)map_set(&p->users, user, (void *)(uintptr_t)(bits_of(p, user) | bits));
}

/* local: whose mailbox it is, or "" where it may be everybody's. */
static void add_transport(struct permit *p, const struct conf_transport *t, str local)
{
	unsigned named = t->kind == CONF_PIPE ? RUNS : WRITES;
	unsigned as_local = t->kind == CONF_PIPE ? LOCAL_RUNS : LOCAL_WRITES;

	if (t->kind != CONF_PIPE && t->kind != CONF_MAILDIR)
		return;
	if (!str_eq(t->user, CONF_USER_LOCAL))
		add_user(p, t->user, named);
	else if (local.n > 0)
		add_user(p, local, as_local);
	else
		p->local |= as_local;
	if (t->forward_programs)
		add_transport(p, t->forward_programs, local);
	if (t->forward_files)
		add_transport(p, t->forward_files, local);
}

/* Goes over the transports that are neither of one mailbox nor of one domain alone. */
struct commons {
	const struct conf *c;
	size_t transports, routes, sender_routes; /* that were given */
};

/* Null behind the last one. */
static const struct conf_transport *next_common(struct commons *i)
{
	const struct conf *c = i->c;

	if (i->transports < c->transport_count)
		return &c->transports[i->transports++];
	if (i->routes < c->route_count)
		return c->routes[i->routes++].transport;
	if (i->sender_routes < c->sender_route_count)
		return c->sender_routes[i->sender_routes++].transport;
	return NULL;
}

struct permit *permit_new(struct router *r, uint32_t people_min)
{
	struct permit *p = MEM_NEW(struct permit);
	const struct conf *c = router_conf(r);
	struct commons commons = { .c = c };
	const struct conf_transport *t;

	p->router = router_keep(r);
	p->people_min = people_min;
	while ((t = next_common(&commons)))
		add_transport(p, t, S(""));
	for (size_t i = 0; i < c->mailbox_count; i++)
		add_transport(p, c->mailboxes[i].transport, address_local(c->mailboxes[i].address));
	for (size_t i = 0; i < c->domain_count; i++) {
		const struct conf_alias_files *files = &c->domains[i].alias_files;

		if (c->domains[i].whole)
			add_transport(p, c->domains[i].whole, S(""));
		for (size_t k = 0; k < files->count; k++) {
			if (files->items[k].programs)
				add_transport(p, files->items[k].programs, S(""));
			if (files->items[k].files)
				add_transport(p, files->items[k].files, S(""));
		}
	}
	return p;
}

void permit_free(struct permit *p)
{
	if (!p)
		return;
	router_drop(p->router);
	map_free(&p->users);
	mem_free(p);
}

/* Whatever UID_MIN says, root is none, and nobody neither. */
static bool is_person(const struct permit *p, uint32_t number)
{
	return number > 0 && number >= p->people_min && number != COURIER_NOBODY;
}

bool permit_user(const struct permit *p, bool runs, str user, uint32_t number, struct fail *why)
{
	unsigned bits = bits_of(p, user);

	if (bits & (runs ? RUNS : WRITES))
		return true;
	if (user.n == 0 || !((bits | p->local) & (runs ? LOCAL_RUNS : LOCAL_WRITES)))
		return fail_with(why, FAIL_TEMPORARY, "4.3.5",
			"the configuration in force does not say that %s as user '%.*s'",
			runs ? "a program runs" : "mail is delivered", STR(user));
	return is_person(p, number) ||
	       fail_with(why, FAIL_TEMPORARY, "4.3.5",
		       "the configuration in force does not name the user '%.*s', and as "
		       "\"{local}\" none of the system gets mail: his number is %u, UID_MIN is %u",
		       STR(user), number, p->people_min);
}

/* --- patterns ----------------------------------------------------------------------------------
 */

/* A text, and what made it: a pattern with places in braces. */
struct match {
	bool path;      /* each value is a part of one component that is not hidden */
	str local;      /* what "{local}" stands for, or "": anything */
	unsigned steps; /* that were taken */
};

static bool fits(struct match *m, str pattern, str text);

/* The value of a place has at least so many bytes: these. */
static bool starts_with_local(const struct match *m, str name, str text, size_t *n)
{
	*n = m->path ? 1 : 0;
	if (m->local.n == 0 || (!str_eq(name, S("local")) && !str_eq(name, S("address"))))
		return true;
	*n = m->local.n;
	return str_starts(text, m->local) &&
	       (str_eq(name, S("local")) || str_starts(str_skip(text, *n), S("@")));
}

static bool fits_place(struct match *m, str name, str rest, str text)
{
	size_t n, most = m->path ? str_find(text, '/') : text.n;

	if (!starts_with_local(m, name, text, &n) || (m->path && str_starts(text, S("."))))
		return false;
	if (m->local.n > 0 && str_eq(name, S("local")))
		return fits(m, rest, str_skip(text, n));
	for (; n <= most; n++)
		if (fits(m, rest, str_skip(text, n)))
			return true;
	return false;
}

static bool fits(struct match *m, str pattern, str text)
{
	str before, name;

	if (m->steps++ > STEPS_MAX)
		return false;
	if (!str_cut(&pattern, '{', &before))
		return str_eq(before, text);
	if (!str_starts(text, before))
		return false;
	str_cut(&pattern, '}', &name);
	return fits_place(m, name, pattern, str_skip(text, before.n));
}

static bool path_fits(const struct conf_transport *t, const struct asked *a)
{
	struct match m = { .path = true };

	if (str_eq(t->user, CONF_USER_LOCAL))
		m.local = a->whom->user;
	return fits(&m, t->path, a->order->path);
}

/* As flow/program fills them in: no address becomes an option. */
static bool words_fit(const struct conf_transport *t, const struct asked *a)
{
	const struct courier_program *program = &a->order->program;

	if (program->argument_count != t->word_count)
		return false;
	for (size_t i = 0; i < t->word_count; i++) {
		struct match m = { 0 };

		if (!fits(&m, t->words[i], program->arguments[i]) ||
			(str_starts(t->words[i], S("{")) &&
				str_starts(program->arguments[i], S("-"))))
			return false;
	}
	return true;
}

/* --- orders ------------------------------------------------------------------------------------
 */

/* local: as for add_transport. */
static bool user_fits(const struct conf_transport *t, str local, const struct asked *a)
{
	str user = a->whom->user;

	if (!str_eq(t->user, CONF_USER_LOCAL))
		return str_eq(t->user, user);
	return user.n > 0 && is_person(a->permit, a->number) &&
	       (local.n == 0 || str_eq(local, user));
}

/* The transport itself. */
static bool transport_fits(const struct conf_transport *t, const struct asked *a)
{
	switch (a->order->word) {
	case COURIER_BEGIN:
		return t->kind == CONF_MAILDIR && t->path.n > 0 && path_fits(t, a);
	case COURIER_RUN:
		return t->kind == CONF_PIPE && t->word_count > 0 && words_fit(t, a);
	case COURIER_LOOK:
		return t->forward;
	case COURIER_APPEND:
	case COURIER_DATA:
	case COURIER_FINISH:
	case COURIER_DROP:
	case COURIER_ANSWER:
	case COURIER_GONE:
	case COURIER_FOUND:
		break;
	}
	return false;
}

/* "|command" or "/file" is what is ordered. */
static bool is_ordered(const struct courier_order *order, str into)
{
	const struct courier_program *program = &order->program;
	size_t count = 0;
	str rest, word;

	if (!str_starts(into, S("|")))
		return order->word == (str_ends(into, S("/")) ? COURIER_BEGIN : COURIER_APPEND) &&
		       str_eq(order->path, into);
	rest = str_skip(into, 1);
	while (order->word == COURIER_RUN && count < program->argument_count &&
		str_word(&rest, &word) && str_eq(word, program->arguments[count]))
		count++;
	return order->word == COURIER_RUN && count == program->argument_count &&
	       (count == COURIER_ARGUMENTS_MAX || !str_word(&rest, &word));
}

static bool file_says(
	const struct conf_transport *t, const struct asked *a, struct arena *arena, str extension)
{
	struct route_targets targets;
	bool says;
	str text;

	/* nobody asks tables here: what they say of addresses makes no command and no file */
	if (!a->read(arena, extension, &text) ||
		!forward_read(a->permit->router, &(struct route_ask){ 0 }, arena, a->whom->address,
			t, text, &targets, &says, NULL))
		return false;
	for (size_t i = 0; i < targets.count; i++)
		if (str_eq(targets.items[i].into, a->whom->into))
			return true;
	return false;
}

/* The user's own file says it, now. */
static bool forward_says(const struct conf_transport *t, const struct asked *a)
{
	str local = address_local(a->key);
	size_t name = route_local(a->permit->router, a->key).n;
	struct arena arena;
	bool says;

	arena_init(&arena, ARENA_UNLIMITED);
	says = (name < local.n && file_says(t, a, &arena, str_skip(local, name + 1))) ||
	       file_says(t, a, &arena, S(""));
	arena_free(&arena);
	return says;
}

static bool way_fits(const struct conf_transport *t, str local, const struct asked *a)
{
	str into = str_skip(a->whom->into, ROUTE_MAILBOX.n);
	const struct conf_transport *way =
		str_starts(into, S("|")) ? t->forward_programs : t->forward_files;

	if (!user_fits(t, local, a))
		return false;
	if (into.n == 0)
		return transport_fits(t, a);
	return way && is_ordered(a->order, into) && forward_says(t, a);
}

static bool alias_fits(const struct asked *a)
{
	struct route_way way;

	return router_way_into(a->permit->router, a->key, a->whom->into, &way) &&
	       user_fits(way.transport, S(""), a) && is_ordered(a->order, a->whom->into);
}

/* A row of a table that was asked: any transport that has a name. */
static bool row_fits(const struct asked *a)
{
	const struct router *r = a->permit->router;
	struct route_way way;

	return router_way_into(r, a->key, a->whom->into, &way) &&
	       user_fits(way.transport, route_local(r, a->key), a) &&
	       transport_fits(way.transport, a);
}

static bool some_way_fits(const struct asked *a)
{
	const struct router *r = a->permit->router;
	struct commons commons = { .c = r->conf };
	const struct conf_domain *d = router_domain(r, a->key);
	const struct conf_mailbox *mailbox = d ? router_mailbox(r, d, a->key) : NULL;
	const struct conf_transport *t;

	if (str_starts(a->whom->into, ROUTE_ROW))
		return row_fits(a);
	if (a->whom->into.n > 0 && !str_starts(a->whom->into, ROUTE_MAILBOX))
		return alias_fits(a);
	if (mailbox && way_fits(mailbox->transport, route_local(r, a->key), a))
		return true;
	if (d && d->whole && way_fits(d->whole, S(""), a))
		return true;
	while ((t = next_common(&commons)))
		if (way_fits(t, S(""), a))
			return true;
	return false;
}

static bool variables_fit(const struct courier_order *order)
{
	for (size_t i = 0; i < order->program.environment_count; i++)
		if (!program_variable_known(order->program.environment[i]))
			return false;
	return true;
}

static bool refuse(const struct asked *a, struct fail *why)
{
	const struct courier_order *order = a->order;
	bool runs = order->word == COURIER_RUN, looks = order->word == COURIER_LOOK;

	return fail_with(why, FAIL_TEMPORARY, "4.3.5",
		"the configuration in force does not name %s%.*s for <%.*s> as user '%.*s'",
		runs    ? "the program "
		: looks ? "a .forward"
			: "the file or folder ",
		STR(runs        ? order->program.arguments[0]
			: looks ? S("")
				: order->path),
		STR(a->whom->address), STR(a->whom->user));
}

bool permit_order(const struct permit *p, const struct courier_whom *whom, uint32_t number,
	const struct courier_order *order, permit_forward *read, struct fail *why)
{
	struct asked a = {
		.permit = p, .whom = whom, .number = number, .order = order, .read = read
	};

	if (address_key(whom->address, a.key_space, &a.key) && variables_fit(order) &&
		some_way_fits(&a))
		return true;
	return refuse(&a, why);
}
