/* What DMARC stands on, and how far its verdict is followed. */
#include "flow/judge_inside.h"

#include "mail/address.h"

/* --- what passed -------------------------------------------------------------------------------
 */

static void add(struct dmarc_identifier *ids, size_t *count, struct dmarc_identifier id)
{
	if (*count < DMARC_IDENTIFIERS_MAX)
		ids[(*count)++] = id;
}

/* SPF of MAIL FROM, or of HELO where that is empty; then the signatures.  One of a key that is only
 * tried counts for nothing. */
void judge_dmarc_identifiers(
	const struct judge *j, struct dmarc_identifier ids[DMARC_IDENTIFIERS_MAX], size_t *count)
{
	const struct spf_check *spf = j->client.sender.n > 0 ? j->mailfrom : j->helo;
	const struct dkim_verify *v = j->dkim ? dkim_check_verdicts(j->dkim) : NULL;
	enum spf_result result = spf ? spf_check_verdict(spf)->result : SPF_NONE;

	*count = 0;
	add(ids, count,
		(struct dmarc_identifier){ .passed = result == SPF_PASS,
			.unknown = result == SPF_TEMPERROR,
			.domain = j->client.sender.n > 0 ? address_domain(j->client.sender)
							 : j->spf_helo });
	for (size_t i = 0; v && i < dkim_verify_count(v); i++) {
		const struct dkim_verify_result *s = dkim_verify_result(v, i);

		add(ids, count,
			(struct dmarc_identifier){ .dkim = true,
				.passed = s->verdict == DKIM_PASS && !s->testing,
				.unknown = s->verdict == DKIM_TEMPERROR,
				.domain = str_of(s->domain) });
	}
}

/* --- what is done ------------------------------------------------------------------------------
 */

static bool is_below(str name, str list)
{
	if (!str_starts(list, S(".")))
		return str_eq_nocase(name, list);
	return name.n > list.n && str_ends_nocase(name, list);
}

/* The known list that proves to have sent this, or null. */
static const struct conf_sender_domain *from_list(const struct judge *j)
{
	const struct conf_dmarc *words = &j->conf->sender.dmarc;
	struct dmarc_identifier ids[DMARC_IDENTIFIERS_MAX];
	size_t count;

	judge_dmarc_identifiers(j, ids, &count);
	for (size_t l = 0; l < words->list_count; l++)
		for (size_t i = 0; i < count; i++)
			if (ids[i].passed && is_below(ids[i].domain, words->lists[l].name))
				return &words->lists[l];
	return NULL;
}

const char *judge_dmarc_disposition(
	const struct judge *j, const struct conf_origin **at, const char **rule)
{
	const struct conf_dmarc *words = &j->conf->sender.dmarc;
	const struct dmarc_verdict *v = dmarc_check_verdict(j->dmarc);
	const struct conf_sender_domain *list;

	*at = NULL;
	*rule = NULL;
	if (words->mode == CONF_OBSERVE)
		return "none";
	if (v->result == DMARC_PERMERROR)
		return "reject";
	if (v->result != DMARC_FAIL || v->policy == DMARC_POLICY_NONE)
		return "none";
	list = from_list(j);
	if (list || j->forwarder) {
		*at = list ? &list->origin : &j->forwarder->origin;
		*rule = list ? "mailing_list" : "trusted_forwarder";
		return "none";
	}
	return v->policy == DMARC_POLICY_REJECT && words->mode == CONF_REJECT ? "reject"
									      : "quarantine";
}

static void blame(const struct judge *j, const char *word, struct fail *why)
{
	const struct conf_origin *at = conf_where(j->conf, S("dmarc"), str_of(word));

	conf_origin_print(at ? at : &j->conf->sender.dmarc.block.origin, why->origin);
}

bool judge_dmarc_holds(const struct judge *j, struct fail *why)
{
	const struct dmarc_verdict *v = j->dmarc ? dmarc_check_verdict(j->dmarc) : NULL;
	const struct conf_origin *at;
	const char *rule;

	if (!v || j->conf->sender.dmarc.quarantined != CONF_QUARANTINED_HOLD ||
		!str_eq(str_of(judge_dmarc_disposition(j, &at, &rule)), S("quarantine")))
		return false;
	fail_with(why, FAIL_TEMPORARY, "4.7.26",
		"DMARC: neither SPF nor DKIM proves that it is from %s, whose policy is \"%.*s\"",
		v->domain, STR(v->text));
	blame(j, "quarantined", why);
	return true;
}

bool judge_dmarc_cost(const struct judge *j, struct fail *why)
{
	const struct dmarc_verdict *v = j->dmarc ? dmarc_check_verdict(j->dmarc) : NULL;
	const struct conf_origin *at;
	const char *rule;

	if (!v)
		return true;
	if (v->result == DMARC_TEMPERROR && j->conf->sender.dmarc.temperror == CONF_DEFER) {
		fail_reply(why, 451, "4.7.24", "DMARC of %s cannot be judged now: %s", v->domain,
			v->why.text);
		blame(j, "temperror", why);
		return false;
	}
	if (!str_eq(str_of(judge_dmarc_disposition(j, &at, &rule)), S("reject")))
		return true;
	if (v->result == DMARC_PERMERROR)
		fail_reply(why, 550, "5.7.26", "DMARC: %s", v->why.text);
	else
		fail_reply(why, 550, "5.7.26",
			"DMARC: %s says by \"%.*s\" of %s to refuse what neither SPF nor DKIM "
			"proves to be its own",
			v->domain, STR(v->text), v->policy_domain);
	blame(j, j->conf->sender.dmarc.mode == CONF_REJECT ? "reject" : "quarantine", why);
	return false;
}
