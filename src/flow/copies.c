#include "flow/copies.h"

#include "base/list.h"
#include "base/log.h"

static void cannot(const struct copies *c, struct fail *why)
{
	struct log_record r;

	log_open(&r, LOG_ERROR, c->redirects ? "redirect-failed" : "copy-failed");
	log_id(&r, "id", c->id);
	log_str(&r, "to", c->address);
	log_c(&r, "by", c->rule);
	log_fail(&r, why);
	log_close(&r);
	fail_reply(why, 451, "4.3.5",
		c->redirects ? "This message has no place, try again later"
			     : "A copy of this message has no place, try again later");
	str_to_c(str_of(c->rule), why->origin, sizeof why->origin);
}

static void log_copied(const struct copies *c)
{
	struct log_record r;

	log_open(&r, LOG_INFO, c->redirects ? "redirected" : "copied");
	log_id(&r, "id", c->id);
	log_str(&r, "to", c->address);
	log_c(&r, "rule", c->rule);
	log_close(&r);
}

/* False: nobody is left. */
static bool take_next(struct copies *c)
{
	const struct conf_texts *always = &router_conf(c->router)->copy.always;
	str rule = ruling_redirects(c->ruling, &c->address);

	c->redirects = !c->redirected && rule.n > 0;
	c->redirected = true;
	if (c->redirects) {
		str_to_c(rule, c->rule, sizeof c->rule);
		return true;
	}
	if (c->always < always->count) {
		c->address = always->items[c->always].text;
		conf_origin_print(&always->items[c->always++].origin, c->rule);
		return true;
	}
	if (!c->rest)
		return false;
	c->address = c->rest->address;
	str_to_c(str_of(c->rest->rule), c->rule, sizeof c->rule);
	c->rest = c->rest->next;
	return true;
}

/* It is known who stands behind the address. */
static bool add(struct copies *c, struct fail *why)
{
	struct smtp_rcpt rcpt = { .recipient = c->address };
	str original;
	bool ok = c->addressing.ok;

	if (c->redirects)
		recipients_clear(c->rcpts);
	else
		rcpt.notify = SMTP_NOTIFY_NEVER;

	*why = c->addressing.why;
	ok = ok && (arena_keep(c->rcpts->arena, c->address, &original) || recipients_too_many(why));
	ok = ok && recipients_add(c->rcpts, &rcpt, original, &c->addressing.targets, why);
	if (ok)
		log_copied(c);
	else
		cannot(c, why);
	return ok;
}

static void addressed(struct addressing *a);

static void go_on(struct copies *c)
{
	struct fail why;
	bool ok = true;

	while (ok && take_next(c)) {
		if (!addressing_begin(
			    &c->addressing, c->loop, c->router, c->id, c->address, addressed))
			return;
		ok = add(c, &why);
	}
	ok = ok && (c->whole || recipients_too_many(&why));
	c->done(c, ok ? NULL : &why);
}

static void addressed(struct addressing *a)
{
	struct copies *c = AROUND(a, struct copies, addressing);
	struct fail why;

	if (add(c, &why))
		go_on(c);
	else
		c->done(c, &why);
}

void copies_add(
	struct copies *c, uint64_t id, void (*done)(struct copies *c, const struct fail *why))
{
	c->id = id;
	c->done = done;
	c->rest = ruling_copies(c->ruling, &c->whole);
	go_on(c);
}

void copies_end(struct copies *c)
{
	addressing_end(&c->addressing);
}
