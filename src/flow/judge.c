#include "flow/judge_inside.h"

#include "base/mem.h"
#include "dns/name.h"
#include "flow/dmarc_fact.h"
#include "gate/relay.h"
#include "mail/address.h"
#include "mail/received.h"
#include "sender/author.h"
#include "world/clock.h"

#define JUDGE_OCTETS_MAX 16384 /* a sender, two names of clients, domains of authors */

/* --- what is open ------------------------------------------------------------------------------
 */

static bool busy(const struct judge *j)
{
	return j->iprev_open || (j->mailfrom && !spf_check_done(j->mailfrom)) ||
	       (j->helo && !spf_check_done(j->helo)) ||
	       (j->ended && (j->dkim_open || j->arc_open)) ||
	       (j->dmarc && !dmarc_check_done(j->dmarc));
}

static void one_done(void *owner);

/* All that DMARC stands on has been judged. */
static void begin_dmarc(struct judge *j)
{
	struct dmarc_identifier identifiers[DMARC_IDENTIFIERS_MAX];
	struct dmarc_request request = { .from = j->authors,
		.from_count = j->author_bad ? 0 : j->author_count,
		.identifiers = identifiers };

	judge_dmarc_identifiers(j, identifiers, &request.identifier_count);
	j->dmarc = dmarc_check_new(j->flow->loop, j->flow->resolver, request, one_done, j);
}

static void keep_fact(const struct judge *j)
{
	const char *topic = dmarc_check_verdict(j->dmarc)->policy_domain;
	struct buf fact = { 0 };

	if (dmarc_fact(j, &fact))
		daybook_add(j->flow->daybook, clock_wall_ms() / 1000 / DAYBOOK_DAY_S, str_of(topic),
			buf_str(&fact));
	buf_free(&fact);
}

/* Answer the open question, if nothing is missing any more. */
static void go_on(struct judge *j)
{
	judge_answer *answered = j->answered;
	struct fail why = { 0 };
	bool free_of_charge;

	if (!answered || busy(j))
		return;
	if (j->ended && !j->dmarc && j->conf->sender.dmarc.block.on) {
		begin_dmarc(j);
		return;
	}
	j->answered = NULL;
	free_of_charge = judge_cost_spf(j, &why) &&
			 (!j->ended || (judge_cost_dkim(j, &why) && judge_dmarc_cost(j, &why)));
	if (j->ended || !free_of_charge)
		judge_cost_log(j, free_of_charge ? NULL : &why);
	if (j->dmarc)
		keep_fact(j);
	answered(j->owner, free_of_charge ? NULL : &why);
}

static void one_done(void *owner)
{
	go_on(owner);
}

/* --- at MAIL -----------------------------------------------------------------------------------
 */

static struct spf_check *check_spf(struct judge *j, str sender)
{
	struct spf_request request = { .client = j->spf_client,
		.helo = j->spf_helo,
		.sender = sender,
		.receiver = j->conf->hostname.text,
		.wall_s = clock_wall_ms() / 1000 };

	return spf_check_new(j->flow->loop, j->flow->resolver, request, one_done, j);
}

/* The null sender is judged by the name of the client alone (RFC 7208 section 2.4). */
static void begin_spf(struct judge *j)
{
	if (j->client.sender.n > 0)
		j->mailfrom = check_spf(j, j->client.sender);
	j->helo = check_spf(j, S(""));
}

static void drive_iprev(struct judge *j)
{
	for (;;) {
		struct iprev_act act = iprev_next(&j->iprev);

		switch (act.kind) {
		case IPREV_ASK:
			questions_ask(&j->questions, act.name, act.type, act.ticket);
			break;
		case IPREV_WAIT:
			return;
		case IPREV_DONE:
			j->iprev_open = false;
			j->iprev_known = true;
			return;
		}
	}
}

static void iprev_answered(void *owner, uint32_t ticket, const struct resolve_query *q)
{
	static const enum iprev_answer answers[] = {
		[RESOLVE_FOUND] = IPREV_FOUND,
		[RESOLVE_NO_NAME] = IPREV_NOTHING,
		[RESOLVE_NO_DATA] = IPREV_NOTHING,
		[RESOLVE_TROUBLE] = IPREV_TROUBLE,
	};
	struct judge *j = owner;

	iprev_answer(&j->iprev, ticket, answers[q->outcome], q->records);
	drive_iprev(j);
	go_on(j);
}

static void begin_iprev(struct judge *j)
{
	j->iprev_open = true;
	iprev_init(&j->iprev, &j->client.ip);
	drive_iprev(j);
}

bool judge_wanted(const struct conf *conf)
{
	const struct conf_sender *words = &conf->sender;

	return words->spf.block.on || words->dkim.block.on || words->dmarc.block.on ||
	       words->arc.block.on;
}

static bool wants_spf(const struct judge *j)
{
	return j->conf->sender.spf.block.on || j->conf->sender.dmarc.block.on;
}

struct judge *judge_new(struct flow *f, const struct conf *conf, const struct judge_client *client)
{
	const struct conf_sender *words = &conf->sender;
	struct judge *j;
	bool kept;

	if (!judge_wanted(conf))
		return NULL;
	j = MEM_NEW(struct judge);
	j->flow = f;
	j->conf = conf;
	j->client = *client;
	arena_init(&j->arena, JUDGE_OCTETS_MAX);
	kept = arena_keep(&j->arena, client->sender, &j->client.sender) &&
	       arena_keep(&j->arena, client->helo, &j->client.helo);
	if (!kept) /* two short strings in an empty arena */
		j->client.sender = j->client.helo = S("");
	j->forwarder = conf_nets_find(&conf->forwarders, &client->ip);
	j->spf_client = client->ip;
	j->spf_helo = j->client.helo;
	questions_init(&j->questions, f->loop, f->resolver, iprev_answered, j);
	if (words->dkim.block.on || words->dmarc.block.on || words->arc.block.on)
		j->dkim = dkim_check_new(f->loop, f->resolver, clock_wall_ms() / 1000);
	if (words->arc.block.on)
		j->arc = arc_check_new(f->loop, f->resolver, clock_wall_ms() / 1000);
	return j;
}

void judge_free(struct judge *j)
{
	if (!j)
		return;
	questions_leave(&j->questions);
	spf_check_free(j->mailfrom);
	spf_check_free(j->helo);
	dkim_check_free(j->dkim);
	arc_check_free(j->arc);
	dmarc_check_free(j->dmarc);
	arena_free(&j->arena);
	mem_free(j);
}

void judge_excuse(struct judge *j)
{
	j->excused = true;
}

void judge_mail(struct judge *j, judge_answer *answered, void *owner)
{
	j->answered = answered;
	j->owner = owner;
	if (j->conf->sender.results.iprev == CONF_ADDED)
		begin_iprev(j);
	if (wants_spf(j) && !j->forwarder)
		begin_spf(j);
	go_on(j);
}

/* --- behind forwarders ------------------------------------------------------------------------
 */

/* One of ours, or one that hands on for us: what it wrote is believed. */
static bool believed(const struct judge *j, const struct ip *ip)
{
	return ip_loopback(ip) || conf_nets_find(&j->conf->forwarders, ip) ||
	       relay_trusted(j->conf, ip);
}

static void read_authors(struct judge *j, str value)
{
	char address[ADDRESS_MAX + 1];
	enum author_step step;

	while ((step = author_next(&value, address)) == AUTHOR_ADDRESS) {
		str domain = address_domain(str_of(address));

		if (j->author_count == JUDGE_AUTHORS_MAX ||
			!arena_keep(&j->arena, domain, &j->authors[j->author_count])) {
			j->author_bad = true;
			return;
		}
		j->author_count++;
	}
	j->author_bad |= step == AUTHOR_BAD;
}

void judge_field(struct judge *j, str name, str value)
{
	struct received r;

	if ((j->conf->sender.dmarc.block.on || j->arc) && str_eq_nocase(name, S("From")))
		read_authors(j, value);
	if (!j->forwarder || j->hop_found || j->hops >= JUDGE_HOPS_MAX ||
		!str_eq_nocase(name, S("Received")))
		return;
	j->hops++;
	if (!received_read(value, &r) || r.client.family == 0) {
		j->hops = JUDGE_HOPS_MAX; /* it began there: nobody is before it */
		return;
	}
	if (believed(j, &r.client))
		return;
	j->hop_found = arena_keep(&j->arena, r.helo, &j->spf_helo);
	j->spf_client = r.client;
}

void judge_header_over(struct judge *j)
{
	if (j->forwarder && j->hop_found && wants_spf(j))
		begin_spf(j);
}

/* --- the end -----------------------------------------------------------------------------------
 */

void judge_feed(struct judge *j, str bytes)
{
	if (j->dkim)
		dkim_check_feed(j->dkim, bytes);
	if (j->arc)
		arc_check_feed(j->arc, bytes);
}

static void dkim_done(void *owner)
{
	struct judge *j = owner;

	j->dkim_open = false;
	go_on(j);
}

static void arc_done(void *owner)
{
	struct judge *j = owner;

	j->arc_open = false;
	go_on(j);
}

void judge_end(struct judge *j, judge_answer *answered, void *owner)
{
	j->answered = NULL; /* until all has been asked for */
	j->ended = true;
	j->dkim_open = j->dkim != NULL;
	j->arc_open = j->arc != NULL;
	if (j->dkim)
		dkim_check_end(j->dkim, dkim_done, j);
	if (j->arc)
		arc_check_end(j->arc, arc_done, j);
	j->answered = answered;
	j->owner = owner;
	go_on(j);
}

static const struct spf_verdict *verdict_of(const struct spf_check *c)
{
	return c && spf_check_done(c) ? spf_check_verdict(c) : NULL;
}

static struct results results_of(const struct judge *j)
{
	const struct conf_origin *at;
	const char *rule;

	return (struct results){ .id = results_id(j->conf),
		.utf8 = j->client.utf8,
		.client = j->client.ip,
		.iprev = j->iprev_known ? &j->iprev : NULL,
		.spf_client = j->spf_client,
		.sender = j->client.sender,
		.helo = j->spf_helo,
		.mailfrom = verdict_of(j->mailfrom),
		.spf_helo = verdict_of(j->helo),
		.dkim = j->dkim ? dkim_check_verdicts(j->dkim) : NULL,
		.arc = j->arc ? arc_check_result(j->arc) : NULL,
		.dmarc = j->dmarc ? dmarc_check_verdict(j->dmarc) : NULL,
		.disposition = j->dmarc ? judge_dmarc_disposition(j, &at, &rule) : "" };
}

void judge_put_fields(const struct judge *j, struct buf *to)
{
	const struct results r = results_of(j);

	results_authentication(&r, to);
	if (j->conf->sender.results.received_spf == CONF_ADDED)
		results_received_spf(&r, to);
}

enum spf_result judge_spf(const struct judge *j)
{
	const struct spf_verdict *v = verdict_of(j->client.sender.n > 0 ? j->mailfrom : j->helo);

	return v ? v->result : SPF_NONE;
}

/* Is there a good signature whose domain is this one, above or below it? */
static bool signed_by(const struct judge *j, str domain)
{
	const struct dkim_verify *v = j->dkim ? dkim_check_verdicts(j->dkim) : NULL;

	for (size_t i = 0; v && i < dkim_verify_count(v); i++) {
		const struct dkim_verify_result *s = dkim_verify_result(v, i);
		str by = str_of(s->domain);

		if (s->verdict == DKIM_PASS && !s->testing &&
			(dns_name_below(domain, by) || dns_name_below(by, domain)))
			return true;
	}
	return false;
}

bool judge_forged(const struct judge *j)
{
	enum spf_result spf = judge_spf(j);

	return j->client.sender.n > 0 && (spf == SPF_FAIL || spf == SPF_SOFTFAIL) &&
	       !signed_by(j, address_domain(j->client.sender));
}

bool judge_seals(const struct judge *j, enum arc_cv *cv, struct buf *results)
{
	const struct arc_verify_result *chain = j->arc ? arc_check_result(j->arc) : NULL;
	const struct results r = results_of(j);

	if (!chain || chain->temporary)
		return false; /* how it came is not known */
	*cv = chain->cv;
	results_body(&r, results);
	return chain->cv != ARC_NONE || j->author_count != 1 || !signed_by(j, j->authors[0]);
}
