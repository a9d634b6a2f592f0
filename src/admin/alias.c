#include "admin/alias.h"

#include <stdio.h>

#include "admin/expanded.h"
#include "admin/json.h"
#include "admin/rewritten.h"
#include "route/nexthop.h"

#define PLACE_COLUMN 56 /* where file:line stands, when there is room */
#define SHOWN_MAX 600   /* of what the caller typed */

static const char *const kinds[] = {
	[CONF_SMTP] = "smtp",
	[CONF_LMTP] = "lmtp",
	[CONF_MAILDIR] = "maildir",
	[CONF_PIPE] = "pipe",
	[CONF_DISCARD] = "discard",
	[CONF_ERROR] = "error",
};

/* One line: the text, indented, and the place that is to thank for it. */
static void put_line(
	struct buf *out, unsigned depth, const char *text, const struct conf_origin *at)
{
	char place[CONF_ORIGIN_TEXT_MAX];

	buf_putf(out, "%*s%-*s  %s\n", (int)depth * 2, "", PLACE_COLUMN - (int)depth * 2, text,
		conf_origin_print(at, place));
}

static void show_step(void *owner, unsigned depth, str from, str to, const struct conf_origin *at)
{
	char text[SHOWN_MAX];

	(void)from; /* it stands above, one step to the left */
	snprintf(text, sizeof text, "-> %.*s", STR(to));
	put_line(owner, depth + 1, text, at);
}

/* To whom SMTP and LMTP talk: what the route or the row says, else the transport's own host. */
static void describe_host(const struct route_way *way, char *to, size_t size)
{
	const char *kind = kinds[way->transport->kind];
	struct nexthop hop = nexthop_of(way->transport, way->nexthop);

	if (hop.kind == NEXTHOP_MX)
		snprintf(to, size, "%s to the MX hosts of %.*s port %u", kind, STR(hop.host),
			hop.port);
	else if (str_starts(hop.host, S("unix:")))
		snprintf(to, size, "%s to %.*s", kind, STR(hop.host));
	else
		snprintf(to, size, "%s to %.*s port %u", kind, STR(hop.host), hop.port);
}

static void describe_way(const struct route_way *way, char *to, size_t size)
{
	const struct conf_transport *t = way->transport;
	size_t n = (size_t)snprintf(to, size, "%.*s: ", STR(t->name));
	str path = t->path.n > 0 ? t->path : way->nexthop; /* of an alias: the nexthop */
	str status, words;

	if (n >= size)
		return;
	switch (t->kind) {
	case CONF_SMTP:
	case CONF_LMTP:
		describe_host(way, to + n, size - n);
		return;
	case CONF_MAILDIR:
		snprintf(to + n, size - n, "%s %.*s%s%.*s%s",
			t->path.n > 0 || str_ends(path, S("/")) ? "maildir" : "mbox", STR(path),
			t->user.n > 0 ? " as " : "", STR(t->user),
			t->forward ? ", or where his .forward says" : "");
		return;
	case CONF_PIPE:
		snprintf(to + n, size - n, "pipe %.*s%s%.*s", STR(path),
			t->user.n > 0 ? " as " : "", STR(t->user));
		return;
	case CONF_DISCARD:
		snprintf(to + n, size - n, "discard");
		return;
	case CONF_ERROR:
		route_error(way, &status, &words);
		snprintf(to + n, size - n, "refused, %.*s %.*s", STR(status), STR(words));
		return;
	}
}

static void show_target(
	const struct router *r, struct arena *a, const struct route_target *t, struct buf *out)
{
	struct route_mail mail = { .address = t->address, .into = t->into };
	char text[SHOWN_MAX];
	struct fail why = { 0 };
	struct route_way way;

	if (t->end == ROUTE_DISCARD) {
		put_line(out, 1, "/dev/null: thrown away", &t->origin);
		return;
	}
	buf_putf(out, "  %.*s\n", STR(t->address));
	if (t->has_sender)
		buf_putf(out, "    with the sender %.*s\n", STR(t->sender));
	if (route_find(r, a, &mail, &way, &why)) {
		describe_way(&way, text, sizeof text);
		put_line(out, 2, text, &way.origin);
	} else {
		buf_putf(out, "    %s %s\n", why.status, why.text);
	}
}

/* What is expanded in place of the address.  False: *why, a table gave no answer. */
static bool rewrite(const struct router *r, struct arena *a, str *address, route_step *step,
	void *owner, struct fail *why)
{
	struct canonical_result result;

	if (rewritten_recipient(r, a, *address, &result) == CANONICAL_FAILED) {
		*why = result.row.why;
		return false;
	}
	if (result.changed)
		step(owner, 0, *address, result.address, &result.at);
	*address = result.address;
	return true;
}

static int show(const struct router *r, struct arena *a, str address, struct buf *out)
{
	char typed[SHOWN_MAX];
	struct fail why = { 0 };
	struct route_targets all;

	buf_putf(out, "%s\n", fail_clean(address, typed, sizeof typed));
	if (!rewrite(r, a, &address, show_step, out, &why) ||
		!expanded_address(r, a, address, &all, &why, show_step, out)) {
		buf_putf(out, "refused: %d %s %s%s%s\n", fail_code(&why), why.status, why.text,
			why.origin[0] ? "  " : "", why.origin);
		return 1;
	}
	buf_put(out, S("goes to\n"));
	for (size_t i = 0; i < all.count; i++)
		show_target(r, a, &all.items[i], out);
	return 0;
}

static void put_place(json_t *to, const char *key, const struct conf_origin *at)
{
	char place[CONF_ORIGIN_TEXT_MAX];

	if (at->file.n > 0)
		json_put_str(to, key, str_of(conf_origin_print(at, place)));
}

static void list_step(void *owner, unsigned depth, str from, str to, const struct conf_origin *at)
{
	json_t *step = json_object();

	json_put_int(step, "depth", depth);
	json_put_str(step, "from", from);
	json_put_str(step, "to", to);
	put_place(step, "rule", at);
	json_array_append_new(owner, step);
}

/* host: a fixed one; mx: the domain whose MX hosts are asked. */
static void put_host(json_t *to, const struct route_way *way)
{
	enum conf_transport_kind kind = way->transport->kind;
	struct nexthop hop = nexthop_of(way->transport, way->nexthop);

	if (kind != CONF_SMTP && kind != CONF_LMTP)
		return;
	json_put_str(to, hop.kind == NEXTHOP_MX ? "mx" : "host", hop.host);
	if (!str_starts(hop.host, S("unix:")))
		json_put_int(to, "port", hop.port);
}

static json_t *target_json(const struct router *r, struct arena *a, const struct route_target *t)
{
	struct route_mail mail = { .address = t->address, .into = t->into };
	json_t *to = json_object();
	struct fail why = { 0 };
	struct route_way way;

	json_put_str(to, "address", t->address);
	json_put_str(to, "end", t->end == ROUTE_DISCARD ? S("discard") : S("address"));
	put_place(to, "rule", &t->origin);
	if (t->has_sender)
		json_put_str(to, "sender", t->sender);
	if (t->end == ROUTE_DISCARD)
		return to;
	if (!route_find(r, a, &mail, &way, &why)) {
		json_put_fail(to, "refused", &why);
		return to;
	}
	json_put_str(to, "transport", way.transport->name);
	json_put_str(to, "kind", str_of(kinds[way.transport->kind]));
	put_host(to, &way);
	if (way.transport->path.n > 0)
		json_put_str(to, "path", way.transport->path);
	if (way.nexthop.n > 0)
		json_put_str(to, "nexthop", way.nexthop);
	put_place(to, "transport_rule", &way.origin);
	return to;
}

static int list(const struct router *r, struct arena *a, str address, struct buf *out)
{
	json_t *all = json_object(), *steps = json_array(), *to = json_array();
	struct route_targets targets;
	struct fail why = { 0 };
	str asked = address;
	bool ok = rewrite(r, a, &address, list_step, steps, &why) &&
		  expanded_address(r, a, address, &targets, &why, list_step, steps);

	json_put_str(all, "address", asked);
	json_object_set_new(all, "steps", steps);
	for (size_t i = 0; ok && i < targets.count; i++)
		json_array_append_new(to, target_json(r, a, &targets.items[i]));
	json_object_set_new(all, "targets", to);
	if (!ok) {
		json_object_update_new(all, json_why(str_of(why.text)));
		json_put_fail(all, "refused", &why);
	}
	json_print(all, out);
	return ok ? 0 : 1;
}

int admin_alias(const struct router *r, str address, bool json, struct buf *out)
{
	struct arena a;
	int code;

	arena_init(&a, ARENA_UNLIMITED);
	code = (json ? list : show)(r, &a, address, out);
	arena_free(&a);
	return code;
}
