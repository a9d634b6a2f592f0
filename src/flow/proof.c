#include "flow/proof.h"

#include "base/log.h"
#include "base/mem.h"
#include "flow/results.h"
#include "flow/seal.h"
#include "flow/sign.h"
#include "mail/fields.h"

struct proof {
	struct flow *flow;
	struct router *router; /* a reference */
	const struct conf *conf;
	struct judge *judge; /* null: it is exempt */
	struct sign *sign;   /* null: it is not ours */
	struct seal *seal;   /* null: it is not sent on, or nothing seals */
	uint64_t id;
	bool leaves_out; /* fields that claim to be ours */
	bool leaving;    /* one that comes in pieces is being left out */
	unsigned left_out;
	struct fields fields;
	struct buf top;
	judge_answer *answered; /* at the end */
	void *owner;
};

struct proof *proof_new(struct flow *f, struct router *r, const struct judge_client *client,
	bool trusted, str login)
{
	const struct conf *conf = router_conf(r);
	char rule[SIGN_RULE_MAX];
	bool own = sign_ours(r, client->unnamed ? NULL : &client->ip, login, rule);
	bool exempt = trusted || login.n > 0 || own;
	bool leaves_out = !trusted && judge_wanted(conf);
	struct judge *judge = exempt ? NULL : judge_new(f, conf, client);
	struct proof *p;

	if (!judge && !leaves_out && !own)
		return NULL;
	p = MEM_NEW(struct proof);
	p->flow = f;
	p->router = router_keep(r);
	p->conf = conf;
	p->judge = judge;
	p->sign = own ? sign_new(f, r, client->id, client->sender, rule) : NULL;
	p->leaves_out = leaves_out;
	p->id = client->id;
	return p;
}

void proof_free(struct proof *p)
{
	if (!p)
		return;
	judge_free(p->judge);
	sign_free(p->sign);
	seal_free(p->seal);
	fields_free(&p->fields);
	buf_free(&p->top);
	router_drop(p->router);
	mem_free(p);
}

void proof_excuse(struct proof *p)
{
	if (p->judge)
		judge_excuse(p->judge);
}

void proof_mail(struct proof *p, judge_answer *answered, void *owner)
{
	if (p->judge)
		judge_mail(p->judge, answered, owner);
	else
		answered(owner, NULL);
}

void proof_feed(struct proof *p, str bytes)
{
	if (p->judge)
		judge_feed(p->judge, bytes);
}

/* --- the header --------------------------------------------------------------------------------
 */

static void pass(struct proof *p, const struct fields_piece *piece, proof_keep *keep, void *owner)
{
	str name, value;

	if (piece->begins) {
		fields_split(piece->bytes, &name, &value);
		p->leaving = p->leaves_out && results_claimed(p->conf, name, value);
		p->left_out += p->leaving;
		if (p->judge && piece->ends)
			judge_field(p->judge, name, value);
	}
	if (!p->leaving)
		keep(owner, piece->bytes);
}

void proof_header(struct proof *p, str bytes, proof_keep *keep, void *owner)
{
	struct fields_piece piece;

	while (fields_next(&p->fields, &bytes, &piece))
		pass(p, &piece, keep, owner);
}

void proof_header_over(struct proof *p, proof_keep *keep, void *owner)
{
	struct fields_piece piece;
	struct log_record r;

	if (fields_end(&p->fields, &piece))
		pass(p, &piece, keep, owner);
	fields_free(&p->fields);
	if (p->judge)
		judge_header_over(p->judge);
	if (p->left_out == 0)
		return;
	log_open(&r, LOG_INFO, "forged-results");
	log_id(&r, "id", p->id);
	log_str(&r, "claimed", results_id(p->conf));
	log_int(&r, "left_out", p->left_out);
	log_close(&r);
}

void proof_header_left(struct proof *p)
{
	if (p->sign)
		sign_header_over(p->sign);
}

/* --- the end ------------------------------------------------------------------------------------
 */

static void signed_now(void *owner, const struct fail *why)
{
	struct proof *p = owner;

	if (!why)
		buf_put(&p->top, sign_fields(p->sign));
	p->answered(p->owner, why);
}

static void sealed(void *owner)
{
	struct proof *p = owner;

	buf_put(&p->top, seal_fields(p->seal));
	judge_put_fields(p->judge, &p->top);
	p->answered(p->owner, NULL);
}

static void judged(void *owner, const struct fail *why)
{
	struct proof *p = owner;
	struct buf results = { 0 };
	enum arc_cv cv;

	if (why) {
		p->answered(p->owner, why);
	} else if (p->seal && judge_seals(p->judge, &cv, &results)) {
		seal_end(p->seal, cv, buf_str(&results), sealed, p);
	} else {
		judge_put_fields(p->judge, &p->top);
		p->answered(p->owner, NULL);
	}
	buf_free(&results);
}

/* Who is judged is a stranger, whose mail we never sign. */
void proof_end(struct proof *p, judge_answer *answered, void *owner)
{
	p->answered = answered;
	p->owner = owner;
	if (p->judge)
		judge_end(p->judge, judged, p);
	else if (p->sign)
		sign_end(p->sign, signed_now, p);
	else
		answered(owner, NULL);
}

void proof_begin(struct proof *p, bool forwarded)
{
	if (p->judge && forwarded)
		p->seal = seal_new(p->flow, p->router, p->id);
}

void proof_leaves(struct proof *p, str bytes)
{
	if (p->seal)
		seal_feed(p->seal, bytes);
	if (p->sign)
		sign_feed(p->sign, bytes);
}

str proof_top(const struct proof *p)
{
	return buf_str(&p->top);
}

bool proof_forged(const struct proof *p)
{
	return p->judge && judge_forged(p->judge);
}

bool proof_holds(const struct proof *p, struct fail *why)
{
	return p->judge && judge_dmarc_holds(p->judge, why);
}

bool proof_signed(const struct proof *p)
{
	return p->sign && sign_fields(p->sign).n > 0;
}
