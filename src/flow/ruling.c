#include "flow/ruling.h"

#include "base/log.h"
#include "base/mem.h"

struct ruling {
	const struct router *router;
	uint64_t session, id;
	struct asking asking; /* of the question that is open */
	struct access_facts facts;
	bool at_mail; /* which question that is */
	struct access_result result;
	ruling_done *done;
	void *owner;
	bool excused, rcpt_excused;
	char holds[CONF_ORIGIN_TEXT_MAX], discards[CONF_ORIGIN_TEXT_MAX];
	char discards_rcpt[CONF_ORIGIN_TEXT_MAX];
};

static bool uses_tables(const struct conf *c)
{
	const struct conf_access *a = &c->access;

	return a->client.count + a->helo.count + a->sender.count + a->recipient.count > 0;
}

struct ruling *ruling_new(struct flow *f, const struct router *r, uint64_t session, uint64_t id)
{
	struct ruling *g;

	if (!uses_tables(router_conf(r)))
		return NULL;
	g = MEM_NEW(struct ruling);
	g->router = r;
	g->session = session;
	g->id = id;
	asking_init(&g->asking, f->loop);
	return g;
}

void ruling_free(struct ruling *g)
{
	if (!g)
		return;
	asking_free(&g->asking);
	mem_free(g);
}

str ruling_holds(const struct ruling *g)
{
	return g ? str_of(g->holds) : S("");
}

str ruling_discards(const struct ruling *g)
{
	return g ? str_of(g->discards) : S("");
}

str ruling_discards_rcpt(const struct ruling *g)
{
	return g ? str_of(g->discards_rcpt) : S("");
}

bool ruling_excuses(const struct ruling *g)
{
	return g && (g->excused || g->rcpt_excused);
}

static void log_decision(const struct ruling *g, const struct access_decision *d)
{
	char place[CONF_ORIGIN_TEXT_MAX];
	struct log_record r;

	log_open(&r, d->failed ? LOG_WARNING : LOG_INFO, d->failed ? "table-failed" : "access");
	log_id(&r, "session", g->session);
	log_id(&r, "id", g->id);
	log_c(&r, "of", d->what);
	log_str(&r, "table", d->table->name);
	log_str(&r, "key", d->key);
	if (d->failed) {
		log_fail(&r, &d->why);
	} else {
		log_c(&r, "verdict", verdict_name(d->kind));
		log_str(&r, "text", d->text);
		log_c(&r, "rule", conf_origin_print(&d->at, place));
	}
	log_close(&r);
}

/* The line to thank for it: of a table that failed, the table's. */
static void note(const struct access_decision *d, char to[CONF_ORIGIN_TEXT_MAX])
{
	if (to[0] == '\0')
		conf_origin_print(&d->at, to);
}

static void take(struct ruling *g)
{
	const struct access_result *r = &g->result;
	char *discards = g->at_mail ? g->discards : g->discards_rcpt;

	for (size_t i = 0; i < r->count; i++) {
		const struct access_decision *d = &r->decisions[i];
		bool held = d->kind == VERDICT_HOLD ||
			    (d->failed && d->table->on_failure == CONF_FAILURE_HOLD);

		log_decision(g, d);
		if (held)
			note(d, g->holds);
		if (d->kind == VERDICT_DISCARD)
			note(d, discards);
	}
	*(g->at_mail ? &g->excused : &g->rcpt_excused) = r->excused;
}

static void tell(void *owner)
{
	struct ruling *g = owner;
	bool over = (g->at_mail ? access_mail : access_rcpt)(
		g->router, &g->asking, &g->facts, &g->result);
	struct fail refusal = g->result.refusal;

	if (!over && asking_wait(&g->asking, tell, g))
		return;
	take(g);
	asking_free(&g->asking);
	g->done(g->owner, refusal.kind != FAIL_NONE ? &refusal : NULL);
}

static void begin(struct ruling *g, const struct access_facts *facts, bool at_mail,
	ruling_done *done, void *owner)
{
	asking_free(&g->asking); /* who asked before waits no more */
	g->facts = *facts;
	g->at_mail = at_mail;
	g->done = done;
	g->owner = owner;
	g->rcpt_excused = false;
	g->discards_rcpt[0] = '\0';
}

void ruling_mail(struct ruling *g, const struct access_facts *facts, ruling_done *done, void *owner)
{
	if (!g) {
		done(owner, NULL);
		return;
	}
	begin(g, facts, true, done, owner);
	tell(g);
}

void ruling_rcpt(struct ruling *g, const struct access_facts *facts, ruling_done *done, void *owner)
{
	if (!g || g->excused) {
		done(owner, NULL);
		return;
	}
	begin(g, facts, false, done, owner);
	if (!arena_keep(&g->asking.arena, facts->recipient, &g->facts.recipient))
		g->facts.recipient = S(""); /* an empty arena has room for a recipient */
	tell(g);
}
