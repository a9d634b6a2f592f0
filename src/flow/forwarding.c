#include "flow/forwarding.h"

#include "base/mem.h"
#include "mail/address.h"
#include "sender/srs.h"
#include "world/clock.h"

#define DAY_MS (86400LL * 1000)

struct forwarding {
	struct work_job job;
	struct router *router; /* a reference */
	str about;             /* by mem_copy */
	bool back;
	int64_t wall_s;
	enum srs_verdict verdict; /* of what comes back */
	char address[ADDRESS_MAX + 1];
	struct fail why;             /* FAIL_NONE: address is there */
	forwarding_answer *answered; /* null: nobody waits */
	void *owner;
};

static const struct conf_srs *words_of(const struct router *r)
{
	return &router_conf(r)->sender.srs;
}

/* Is it at one of the domains where rewritten senders are? */
static bool at_ours(const struct conf_srs *words, str address)
{
	char key[ADDRESS_KEY_MAX];
	str folded;

	if (!address_key(address, key, &folded))
		return false;
	for (size_t i = 0; i < words->domain_count; i++)
		if (str_eq(address_domain(folded), words->domains[i].name))
			return true;
	return false;
}

static bool goes_out(const struct router *r, const struct envelope_rcpt *rcpt)
{
	bool leads_here = rcpt->into.n > 0 && !str_starts(rcpt->into, ROUTE_ROW);

	return !leads_here && route_hosted(r, rcpt->original) && !route_hosted(r, rcpt->address);
}

bool forwarding_goes_out(const struct router *r, const struct envelope *e)
{
	for (size_t i = 0; i < e->rcpt_count; i++)
		if (goes_out(r, &e->rcpts[i]))
			return true;
	return false;
}

bool forwarding_leaves(const struct router *r, struct envelope *e)
{
	const struct conf_srs *words = words_of(r);
	bool any = false;

	if (!router_srs_key(r) || e->sender.n == 0 || route_hosted(r, e->sender) ||
		at_ours(words, e->sender))
		return false;
	for (size_t i = 0; i < e->rcpt_count; i++) {
		struct envelope_rcpt *rcpt = &e->rcpts[i];

		rcpt->forwarded = !rcpt->has_sender && goes_out(r, rcpt);
		any |= rcpt->forwarded;
	}
	return any;
}

bool forwarding_comes_back(const struct router *r, str recipient)
{
	return router_srs_key(r) && srs_is(address_local(recipient)) &&
	       at_ours(words_of(r), recipient);
}

/* --- in a thread of the pool --------------------------------------------------------------------
 */

static void compute(struct work_job *job)
{
	struct forwarding *g = AROUND(job, struct forwarding, job);
	const struct conf_srs *words = words_of(g->router);
	struct srs srs = { .domain = words->domains[0].name,
		.key = router_srs_key(g->router),
		.valid_days = (unsigned)(words->valid_ms / DAY_MS) };
	bool made;

	if (g->back) {
		g->verdict =
			srs_decode(&srs, address_local(g->about), g->wall_s, g->address, &g->why);
		return;
	}
	made = srs_encode(&srs, g->about, g->wall_s, g->address, &g->why);
	g->verdict = made ? SRS_GOOD : SRS_TROUBLE;
}

/* --- on the loop --------------------------------------------------------------------------------
 */

static void blame(const struct forwarding *g, struct fail *why)
{
	conf_origin_print(&words_of(g->router)->block.origin, why->origin);
}

static void judge(struct forwarding *g)
{
	const char *says = NULL;

	switch (g->verdict) {
	case SRS_GOOD:
	case SRS_TROUBLE:
		return;
	case SRS_NONE:
	case SRS_FORGED:
		says = "it was not made here";
		break;
	case SRS_EXPIRED:
		says = "it was made too long ago";
		break;
	}
	fail_reply(&g->why, 550, "5.7.1",
		"<%.*s>: this address takes bounces to mail of ours, and %s", STR(g->about), says);
	blame(g, &g->why);
}

static void forwarding_free(struct forwarding *g)
{
	router_drop(g->router);
	mem_free((char *)(uintptr_t)g->about.p);
	mem_free(g);
}

static void done(struct work_job *job)
{
	struct forwarding *g = AROUND(job, struct forwarding, job);

	if (job->cancelled)
		fail_with(&g->why, FAIL_TEMPORARY, "4.3.2", "We are about to stop");
	else
		judge(g);
	if (g->answered)
		g->answered(
			g->owner, str_of(g->address), g->why.kind == FAIL_NONE ? NULL : &g->why);
	forwarding_free(g);
}

static struct forwarding *ask(struct flow *f, struct router *r, str about, bool back,
	forwarding_answer *answered, void *owner, struct fail *why)
{
	struct forwarding *g = MEM_NEW(struct forwarding);

	g->router = router_keep(r);
	g->about = mem_copy(about);
	g->back = back;
	g->wall_s = clock_wall_ms() / 1000;
	g->answered = answered;
	g->owner = owner;
	g->job = (struct work_job){ .run = compute, .done = done, .loop = f->loop };
	if (work_post(f->signer, &g->job))
		return g;
	fail_reply(why, 451, "4.3.2", "Too many messages wait for their signature");
	forwarding_free(g);
	return NULL;
}

struct forwarding *forwarding_rewrite(struct flow *f, struct router *r, str sender,
	forwarding_answer *answered, void *owner, struct fail *why)
{
	return ask(f, r, sender, false, answered, owner, why);
}

/* Whatever has a sender is no bounce: it would be relayed, for whoever got hold of the address. */
struct forwarding *forwarding_return(struct flow *f, struct router *r, str sender, str recipient,
	forwarding_answer *answered, void *owner, struct fail *why)
{
	if (sender.n == 0)
		return ask(f, r, recipient, true, answered, owner, why);
	fail_reply(why, 550, "5.7.1",
		"<%.*s>: this address takes bounces alone, and a bounce has no sender",
		STR(recipient));
	conf_origin_print(&words_of(r)->block.origin, why->origin);
	return NULL;
}

void forwarding_forget(struct forwarding *g)
{
	if (g)
		g->answered = NULL;
}
