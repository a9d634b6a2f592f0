#include <assert.h>

#include "admin/json.h"
#include "admin/exit.h"
#include "admin/verify.h"
#include "sender/spf.h"
#include "world/clock.h"

#define CHECKS_MAX 2 /* MAIL FROM and HELO */

/* One identity, and its look-ups that are under way. */
struct check {
	const struct verify *verify;
	struct checks *all;
	const char *property; /* as RFC 8601 names it */
	str value;
	struct spf *spf;
	bool done;
	struct loop_timer deadline;
	struct loop_task begin;
	struct slot {
		struct resolve_query query;
		struct check *check;
		uint32_t ticket;
		bool busy;
	} slots[SPF_HOSTS_MAX];
};

struct checks {
	struct check items[CHECKS_MAX];
	size_t count, open;
};

/* --- asking ------------------------------------------------------------------------------------
 */

static void drive(struct check *c);

static void answered(struct resolve_query *q)
{
	static const enum spf_answer answers[] = {
		[RESOLVE_FOUND] = SPF_FOUND,
		[RESOLVE_NO_NAME] = SPF_NO_NAME,
		[RESOLVE_NO_DATA] = SPF_NO_DATA,
		[RESOLVE_TROUBLE] = SPF_TROUBLE,
	};
	struct slot *slot = AROUND(q, struct slot, query);

	slot->busy = false;
	spf_answer(slot->check->spf, slot->ticket, answers[q->outcome], q->records);
	dns_records_free(q->records);
	q->records = NULL;
	drive(slot->check);
}

static void ask(struct check *c, const struct spf_act *act)
{
	for (size_t i = 0; i < LENGTH(c->slots); i++) {
		struct slot *slot = &c->slots[i];

		if (slot->busy)
			continue;
		*slot = (struct slot){ .check = c, .ticket = act->ticket, .busy = true };
		resolve_query_init(&slot->query, c->verify->loop, act->name, act->type, answered);
		resolve_ask(c->verify->resolver, &slot->query);
		return;
	}
	assert(!"a round has no more questions than there are slots");
}

static void drive(struct check *c)
{
	while (!c->done) {
		struct spf_act act = spf_next(c->spf);

		switch (act.kind) {
		case SPF_ASK:
			ask(c, &act);
			break;
		case SPF_WAIT:
			loop_timer_set(c->verify->loop, &c->deadline, spf_deadline_ms(c->spf));
			return;
		case SPF_DONE:
			c->done = true;
			loop_timer_cancel(c->verify->loop, &c->deadline);
			if (--c->all->open == 0)
				loop_stop(c->verify->loop);
			break;
		}
	}
}

static void on_deadline(struct loop_timer *timer)
{
	struct check *c = AROUND(timer, struct check, deadline);

	spf_tick(c->spf, clock_steady_ms());
	drive(c);
}

static void on_begin(struct loop_task *task)
{
	drive(AROUND(task, struct check, begin));
}

static void add(struct checks *all, const struct verify *v, const char *property, str sender)
{
	struct check *c = &all->items[all->count++];
	struct spf_request request = { .client = v->client,
		.helo = v->helo,
		.sender = sender,
		.receiver = v->hostname,
		.wall_s = v->wall_s,
		.now_ms = clock_steady_ms() };

	c->verify = v;
	c->all = all;
	c->property = property;
	c->value = sender.n > 0 ? sender : v->helo;
	c->spf = spf_new(&request);
	c->deadline.run = on_deadline;
	c->begin.run = on_begin;
	all->open++;
	loop_post(v->loop, &c->begin);
}

/* --- the verdicts ------------------------------------------------------------------------------
 */

/* One line of text, whose bytes are a stranger's. */
static void put_line(struct buf *out, const char *name, str text)
{
	char clean[FAIL_TEXT_MAX];

	if (text.n > 0)
		buf_putf(out, "  %-12s %s\n", name, fail_clean(text, clean, sizeof clean));
}

static void print_check(const struct check *c, struct buf *out)
{
	const struct spf_verdict *v = spf_verdict(c->spf);
	char clean[FAIL_TEXT_MAX];

	buf_putf(out, "%s %s: %s\n", c->property, fail_clean(c->value, clean, sizeof clean),
		spf_result_name(v->result));
	put_line(out, "domain", v->domain);
	put_line(out, "record", v->record);
	put_line(out, "decided by", v->mechanism);
	if (v->inner_domain.n > 0) {
		put_line(out, "included", v->inner_domain);
		put_line(out, "there by", v->inner);
	}
	put_line(out, "because", str_of(v->why.text));
	put_line(out, "explanation", str_of(v->explanation));
	buf_putf(out, "  %-12s %u terms of %d, %u void of %d, %u questions\n", "look-ups",
		v->lookups, SPF_LOOKUPS_MAX, v->voids, SPF_VOIDS_MAX, v->questions);
}

static json_t *check_json(const struct check *c)
{
	const struct spf_verdict *v = spf_verdict(c->spf);
	json_t *one = json_object(), *inner;

	json_put_str(one, "method", S("spf"));
	json_put_str(one, "result", str_of(spf_result_name(v->result)));
	json_put_str(one, "property", str_of(c->property));
	json_put_str(one, "value", c->value);
	json_put_str(one, "domain", v->domain);
	if (v->record.n > 0)
		json_put_str(one, "record", v->record);
	if (v->mechanism.n > 0)
		json_put_str(one, "mechanism", v->mechanism);
	if (v->inner_domain.n > 0) {
		inner = json_object();
		json_put_str(inner, "domain", v->inner_domain);
		json_put_str(inner, "mechanism", v->inner);
		json_object_set_new(one, "include", inner);
	}
	if (v->why.kind != FAIL_NONE)
		json_put_fail(one, "reason", &v->why);
	if (v->explanation[0])
		json_put_str(one, "explanation", str_of(v->explanation));
	json_put_int(one, "lookups", v->lookups);
	json_put_int(one, "void_lookups", v->voids);
	json_put_int(one, "questions", v->questions);
	return one;
}

static void print(const struct checks *all, bool json, struct buf *out)
{
	json_t *whole, *results;

	if (!json) {
		for (size_t i = 0; i < all->count; i++)
			print_check(&all->items[i], out);
		return;
	}
	whole = json_object();
	results = json_array();
	json_put_str(
		whole, "result", str_of(spf_result_name(spf_verdict(all->items[0].spf)->result)));
	json_put_str(whole, "client", all->items[0].verify->client_text);
	for (size_t i = 0; i < all->count; i++)
		json_array_append_new(results, check_json(&all->items[i]));
	json_object_set_new(whole, "results", results);
	json_print(whole, out);
}

/* The first one decides: the sender, or where there is none, the HELO name. */
static int exit_code(const struct checks *all)
{
	switch (spf_verdict(all->items[0].spf)->result) {
	case SPF_PASS:
		return EXIT_DONE;
	case SPF_TEMPERROR:
		return EXIT_AGAIN;
	case SPF_NONE:
	case SPF_NEUTRAL:
	case SPF_FAIL:
	case SPF_SOFTFAIL:
	case SPF_PERMERROR:
		break;
	}
	return EXIT_NO;
}

int verify_spf(const struct verify *v, struct buf *out)
{
	struct checks all = { 0 };
	int code;

	if (v->from.n > 0)
		add(&all, v, "smtp.mailfrom", v->from);
	if (v->helo.n > 0)
		add(&all, v, "smtp.helo", S(""));
	loop_run(v->loop);
	resolve_close(v->resolver); /* what is still under way is dropped with the loop */
	print(&all, v->json, out);
	code = exit_code(&all);
	for (size_t i = 0; i < all.count; i++) {
		for (size_t k = 0; k < LENGTH(all.items[i].slots); k++)
			dns_records_free(all.items[i].slots[k].query.records);
		spf_free(all.items[i].spf);
	}
	return code;
}
