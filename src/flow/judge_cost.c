/* What verdicts cost, and in which words it is said. */
#include "flow/judge_inside.h"

#include <stdio.h>

#include "base/log.h"

/* The line that says it costs so much. */
static void blame(const struct judge *j, const char *section, const char *word, struct fail *why)
{
	const struct conf_origin *at = conf_where(j->conf, str_of(section), str_of(word));

	if (!at) /* the default of a block that somebody wrote */
		at = conf_where(j->conf, S(""), str_of(section));
	conf_origin_print(at ? at : &(struct conf_origin){ 0 }, why->origin);
}

/* --- SPF ---------------------------------------------------------------------------------------
 */

static enum conf_cost cost_of(
	const struct conf_spf *words, enum spf_result result, const char **word)
{
	switch (result) {
	case SPF_FAIL:
		*word = "fail";
		return words->fail;
	case SPF_SOFTFAIL:
		*word = "softfail";
		return words->softfail;
	case SPF_PERMERROR:
		*word = "permerror";
		return words->permerror;
	case SPF_TEMPERROR:
		*word = "temperror";
		return words->temperror;
	case SPF_NONE:
	case SPF_NEUTRAL:
	case SPF_PASS:
		break;
	}
	return CONF_TAG;
}

static bool is_error(enum spf_result result)
{
	return result == SPF_PERMERROR || result == SPF_TEMPERROR;
}

/* The words of the domain's owner stand at the end, as theirs. */
static void say_spf(const struct judge *j, const struct spf_verdict *v, str identity,
	enum conf_cost cost, struct fail *why)
{
	char ip[IP_TEXT_MAX];

	ip_print(&j->spf_client, ip);
	if (is_error(v->result))
		fail_reply(why, cost == CONF_DEFER ? 451 : 550,
			cost == CONF_DEFER ? "4.7.24" : "5.7.24",
			"SPF of %.*s cannot be judged for %s: %s", STR(identity), ip, v->why.text);
	else
		fail_reply(why, 550, "5.7.23",
			"SPF %s: %.*s says of %s by \"%.*s\" that it may not send as %.*s%s%s",
			spf_result_name(v->result), STR(v->domain), ip, STR(v->mechanism),
			STR(identity), v->explanation[0] ? ". It explains: " : "", v->explanation);
}

static bool mailfrom_costs(
	const struct judge *j, const struct spf_verdict *v, str identity, struct fail *why)
{
	const char *word = "";
	enum conf_cost cost = cost_of(&j->conf->sender.spf, v->result, &word);

	if (cost == CONF_TAG)
		return false;
	say_spf(j, v, identity, cost, why);
	blame(j, "spf", word, why);
	return true;
}

bool judge_cost_spf(const struct judge *j, struct fail *why)
{
	const struct spf_verdict *helo = j->helo ? spf_check_verdict(j->helo) : NULL;

	if (!j->conf->sender.spf.block.on || j->excused)
		return true; /* DMARC wants to know, nobody else */
	if (j->mailfrom && mailfrom_costs(j, spf_check_verdict(j->mailfrom), j->client.sender, why))
		return false;
	if (!helo || helo->result != SPF_FAIL || j->conf->sender.spf.helo_fail == CONF_TAG)
		return true;
	say_spf(j, helo, j->spf_helo, CONF_REFUSE, why);
	blame(j, "spf", "helo-fail", why);
	return false;
}

/* --- DKIM --------------------------------------------------------------------------------------
 */

/* Of all signatures together: one that is good counts, then one that may yet be. */
static enum dkim_verdict dkim_verdict_of(const struct dkim_verify *v)
{
	static const enum dkim_verdict order[] = { DKIM_PASS, DKIM_TEMPERROR, DKIM_FAIL,
		DKIM_POLICY, DKIM_PERMERROR, DKIM_NEUTRAL };

	for (size_t o = 0; o < LENGTH(order); o++)
		for (size_t i = 0; i < dkim_verify_count(v); i++)
			if (dkim_verify_result(v, i)->verdict == order[o])
				return order[o];
	return DKIM_NONE;
}

static const struct dkim_verify_result *first_with(
	const struct dkim_verify *v, enum dkim_verdict verdict)
{
	size_t i = 0;

	while (dkim_verify_result(v, i)->verdict != verdict)
		i++;
	return dkim_verify_result(v, i);
}

static enum conf_cost dkim_cost(
	const struct conf_dkim *words, enum dkim_verdict verdict, const char **word)
{
	switch (verdict) {
	case DKIM_FAIL:
	case DKIM_POLICY:
		*word = "fail";
		return words->fail;
	case DKIM_PERMERROR:
	case DKIM_NEUTRAL:
		*word = "permerror";
		return words->permerror;
	case DKIM_TEMPERROR:
		*word = "temperror";
		return words->temperror;
	case DKIM_NONE:
	case DKIM_PASS:
		break;
	}
	return CONF_TAG;
}

bool judge_cost_dkim(const struct judge *j, struct fail *why)
{
	const struct dkim_verify *v = j->dkim ? dkim_check_verdicts(j->dkim) : NULL;
	enum dkim_verdict verdict = v ? dkim_verdict_of(v) : DKIM_NONE;
	const struct dkim_verify_result *s;
	const char *word = "";
	enum conf_cost cost = dkim_cost(&j->conf->sender.dkim, verdict, &word);

	if (cost == CONF_TAG || !j->conf->sender.dkim.block.on)
		return true;
	s = first_with(v, verdict);
	fail_reply(why, cost == CONF_DEFER ? 451 : 550, cost == CONF_DEFER ? "4.7.5" : "5.7.20",
		"No DKIM signature of this message is good: that of %s: %s",
		s->domain[0] ? s->domain : "an unknown domain", s->why);
	blame(j, "dkim", word, why);
	return false;
}

/* --- the log -----------------------------------------------------------------------------------
 */

static void log_spf(struct log_record *r, const char *key, const struct spf_check *c)
{
	const struct spf_verdict *v = c ? spf_check_verdict(c) : NULL;
	char named[32];

	if (!v)
		return;
	log_c(r, key, spf_result_name(v->result));
	if (v->mechanism.n > 0) {
		snprintf(named, sizeof named, "%s_by", key);
		log_str(r, named, v->mechanism);
	}
}

static void log_dkim(struct log_record *r, const struct dkim_verify *v)
{
	char all[400] = "";
	size_t n = 0;

	for (size_t i = 0; i < dkim_verify_count(v) && n + 1 < sizeof all; i++) {
		const struct dkim_verify_result *s = dkim_verify_result(v, i);
		int more = snprintf(all + n, sizeof all - n, "%s%s:%s", i > 0 ? "," : "", s->domain,
			dkim_verify_name(s->verdict));

		n += (size_t)more;
	}
	log_c(r, "dkim", all[0] ? all : "none");
}

/* All that an aggregate report says of a message (RFC 9990), beside what stands in "judged". */
static void log_dmarc(const struct judge *j)
{
	const struct dmarc_verdict *v = dmarc_check_verdict(j->dmarc);
	const struct conf_origin *at;
	char ip[IP_TEXT_MAX], place[CONF_ORIGIN_TEXT_MAX];
	const char *rule, *disposition = judge_dmarc_disposition(j, &at, &rule);
	struct log_record r;

	log_open(&r, LOG_INFO, "dmarc");
	log_id(&r, "id", j->client.id);
	log_c(&r, "client", ip_print(&j->spf_client, ip));
	log_c(&r, "result", dmarc_result_name(v->result));
	log_c(&r, "disposition", disposition);
	log_c(&r, "header_from", v->domain);
	log_str(&r, "envelope_from", j->client.sender);
	log_c(&r, "organization", v->organization);
	log_c(&r, "policy_domain", v->policy_domain ? v->policy_domain : "");
	log_str(&r, "record", v->text);
	log_c(&r, "spf_aligned", v->spf_aligned ? "pass" : "fail");
	log_c(&r, "dkim_aligned", v->dkim_aligned ? "pass" : "fail");
	if (rule)
		log_c(&r, "override", rule);
	if (at)
		log_c(&r, "rule", conf_origin_print(at, place));
	log_close(&r);
}

void judge_cost_log(const struct judge *j, const struct fail *why)
{
	struct log_record r;
	char ip[IP_TEXT_MAX];

	log_open(&r, LOG_INFO, "judged");
	log_id(&r, "id", j->client.id);
	log_id(&r, "session", j->client.session_id);
	log_c(&r, "client", ip_print(&j->client.ip, ip));
	log_str(&r, "from", j->client.sender);
	if (j->forwarder && j->hop_found)
		log_c(&r, "before_forwarder", ip_print(&j->spf_client, ip));
	if (j->iprev_known)
		log_c(&r, "iprev", iprev_result_name(j->iprev.result));
	log_spf(&r, "spf", j->mailfrom);
	log_spf(&r, "spf_helo", j->helo);
	if (j->ended && j->dkim)
		log_dkim(&r, dkim_check_verdicts(j->dkim));
	if (j->ended && j->arc)
		log_c(&r, "arc", arc_set_cv(arc_check_result(j->arc)->cv));
	if (j->excused)
		log_c(&r, "excused", "yes");
	log_c(&r, "cost", !why ? "none" : fail_code(why) < 500 ? "defer" : "refuse");
	if (why)
		log_c(&r, "rule", why->origin);
	log_close(&r);
	if (j->dmarc)
		log_dmarc(j);
}
