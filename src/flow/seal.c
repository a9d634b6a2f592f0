#include "flow/seal.h"

#include "base/log.h"
#include "base/mem.h"
#include "world/clock.h"

/* What a thread of the pool has in hand: it may outlive the message. */
struct sealing {
	struct work_job job;
	struct seal *seal; /* null: nobody waits any more */
	struct router *router;
	struct dkim_sign_key key;
	struct arc_seal *machine;
	struct buf results, fields;
	enum arc_cv cv;
	struct fail why;
	bool made;
};

struct seal {
	struct flow *flow;
	uint64_t id;
	struct sealing *sealing;
	void (*done)(void *owner); /* not null: it has not come back */
	void *owner;
};

struct seal *seal_new(struct flow *f, struct router *r, uint64_t id)
{
	str name = router_conf(r)->sender.arc.key;
	struct arc_seal_setup setup = { .now_s = clock_wall_ms() / 1000 };
	struct dkim_sign_key key;
	struct seal *s;

	if (name.n == 0 || !router_keyring(r) || !keyring_key(router_keyring(r), name, &key))
		return NULL;
	s = MEM_NEW(struct seal);
	s->flow = f;
	s->id = id;
	s->sealing = MEM_NEW(struct sealing);
	s->sealing->seal = s;
	s->sealing->router = router_keep(r); /* the key is its */
	s->sealing->key = key;
	setup.domain = key.domain;
	setup.selector = key.selector;
	setup.signer = key.signer;
	s->sealing->machine = arc_seal_new(&setup);
	return s;
}

static void sealing_free(struct sealing *g)
{
	arc_seal_free(g->machine);
	buf_free(&g->results);
	buf_free(&g->fields);
	router_drop(g->router);
	mem_free(g);
}

void seal_free(struct seal *s)
{
	if (!s)
		return;
	if (s->done)
		s->sealing->seal = NULL;
	else
		sealing_free(s->sealing);
	mem_free(s);
}

void seal_feed(struct seal *s, str bytes)
{
	arc_seal_feed(s->sealing->machine, bytes);
}

static void run(struct work_job *job)
{
	struct sealing *g = AROUND(job, struct sealing, job);
	struct arc_seal_found found = { .cv = g->cv, .results = buf_str(&g->results) };

	g->made = arc_seal_end(g->machine, &found, &g->fields, &g->why);
}

static void log_sealed(const struct seal *s)
{
	const struct sealing *g = s->sealing;
	struct log_record r;

	log_open(&r, g->made ? LOG_INFO : LOG_WARNING, g->made ? "sealed" : "not-sealed");
	log_id(&r, "id", s->id);
	log_str(&r, "domain", g->key.domain);
	log_str(&r, "selector", g->key.selector);
	log_c(&r, "chain", arc_set_cv(g->cv));
	if (!g->made)
		log_fail(&r, &g->why);
	log_close(&r);
}

static void finish(struct seal *s)
{
	void (*done)(void *owner) = s->done;

	s->done = NULL;
	log_sealed(s);
	done(s->owner);
}

static void came_back(struct work_job *job)
{
	struct sealing *g = AROUND(job, struct sealing, job);

	if (!g->seal) {
		sealing_free(g);
		return;
	}
	if (job->cancelled)
		g->made = fail_with(&g->why, FAIL_TEMPORARY, "4.3.2", "We are about to stop");
	finish(g->seal);
}

void seal_end(struct seal *s, enum arc_cv cv, str results, void (*done)(void *owner), void *owner)
{
	struct sealing *g = s->sealing;

	g->cv = cv;
	buf_put(&g->results, results);
	s->done = done;
	s->owner = owner;
	g->job = (struct work_job){ .run = run, .done = came_back, .loop = s->flow->loop };
	if (work_post(s->flow->signer, &g->job))
		return;
	fail_with(&g->why, FAIL_TEMPORARY, "4.3.2", "Too many messages wait for their signature");
	finish(s);
}

str seal_fields(const struct seal *s)
{
	return s->sealing->made ? buf_str(&s->sealing->fields) : S("");
}
