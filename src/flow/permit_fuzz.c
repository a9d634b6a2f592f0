/* A daemon in strangers' hands writes what it likes to the office of the courier: whatever it is,
 * only those are written and run as whom the configuration names, only its programs run, only with
 * our variables, and only into its folders. */
#include "flow/permit.h"
#include "test/fuzz.h"

static const char settings[] =
	"hostname pivot.test\npostmaster anna@home.test\n"
	"transport list { pipe \"/bin/queue {nexthop}\"; as list }\n"
	"transport box { maildir /srv/{domain}/x{local}/; as vmail }\n"
	"domain home.test { aliases a { programs as prog; files as file }\n"
	"  mailboxes { maildir /home/{local}/box; as \"{local}\"; forward programs files } }\n";

static struct router *router_of(void)
{
	struct conf_source source = { .name = S("c"), .text = S(settings) };
	struct alias_builder *b = alias_builder_new(S("home.test"), NULL, NULL);
	struct conf *conf = conf_build(S("/nowhere"), &source, 1, NULL);
	struct alias_table *tables[1] = { 0 };
	struct router *r;

	LAW(conf);
	alias_builder_allow(b, true, true);
	LAW(alias_builder_aliases(b, S("a"), S("t: \"|/bin/alias x\", /var/f\n"), NULL));
	tables[0] = alias_builder_finish(b);
	r = router_new(conf, tables);
	conf_drop(conf);
	return r;
}

static bool forward(struct arena *a, str extension, str *text)
{
	(void)a;
	*text = S("|/bin/own\n/home/own/f\n");
	return extension.n == 0;
}

/* root, and names that begin with a capital letter, are the system's. */
static uint32_t number_of(str user)
{
	if (str_eq(user, S("root")))
		return 0;
	return user.n > 0 && user.p[0] <= 'Z' ? 33 : 1000;
}

static bool among(str s, const str *all, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(s, all[i]))
			return true;
	return false;
}

static void check_program(const struct courier_program *program, str user)
{
	static const str names[] = { STR_INIT("RECIPIENT"), STR_INIT("SENDER"), STR_INIT("NEXTHOP"),
		STR_INIT("LOCAL"), STR_INIT("DOMAIN"), STR_INIT("QUEUE_ID") };
	str path = program->arguments[0];

	LAW(!str_eq(user, S("root")) && user.n > 0);
	LAW((str_eq(path, S("/bin/own")) && number_of(user) >= 1000) ||
		(str_eq(path, S("/bin/queue")) && str_eq(user, S("list"))) ||
		(str_eq(path, S("/bin/alias")) && str_eq(user, S("prog"))));
	for (size_t i = 0; i < program->environment_count; i++) {
		str value = program->environment[i], name;

		LAW(str_cut(&value, '=', &name) && among(name, names, LENGTH(names)));
	}
}

static void check_path(const struct courier_order *order, str user)
{
	bool home = str_starts(order->path, S("/home/"));

	LAW(!str_eq(user, S("root")) && user.n > 0);
	LAW((home && number_of(user) >= 1000) ||
		(str_starts(order->path, S("/srv/")) && str_eq(user, S("vmail"))) ||
		(str_eq(order->path, S("/var/f")) && str_eq(user, S("file"))));
	LAW(str_find_str(order->path, S("/.")) == order->path.n);
	if (home && order->word == COURIER_BEGIN)
		LAW(str_starts(str_skip(order->path, 6), user));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct permit *permit;
	struct courier_frame_reader r = { 0 };
	struct courier_order order;
	str bytes = str_from(data, size), user;

	if (size > COURIER_FEED_MAX || !str_cut(&bytes, '\n', &user))
		return 0;
	if (!permit)
		permit = permit_new(router_of(), 1000);
	courier_frame_feed(&r, bytes);
	while (courier_frame_next(&r, &order) == SCAN_DONE) {
		struct courier_whom whom = order.whom;
		struct fail why = { 0 };
		uint32_t number = number_of(user);

		whom.user = user;
		if (order.word != COURIER_BEGIN && order.word != COURIER_APPEND &&
			order.word != COURIER_RUN && order.word != COURIER_LOOK)
			continue;
		if (!permit_order(permit, &whom, number, &order, forward, &why)) {
			LAW(why.kind == FAIL_TEMPORARY && why.text[0]);
			continue;
		}
		LAW(permit_user(permit, order.word == COURIER_RUN, user, number, &why));
		if (order.word == COURIER_RUN)
			check_program(&order.program, user);
		else if (order.word != COURIER_LOOK)
			check_path(&order, user);
	}
	buf_free(&r.in);
	return 0;
}
