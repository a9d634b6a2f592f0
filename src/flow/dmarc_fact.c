#include "flow/dmarc_fact.h"

#include "base/ascii.h"
#include "mail/address.h"

/* What strangers say must not look like a line, or like another word, of ours. */
static void put_clean(struct buf *to, str value, bool words)
{
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		buf_put_char(to, ascii_control(c) || (c == ' ' && !words) ? '?' : c);
	}
}

static void put(struct buf *to, const char *word, str value)
{
	buf_putf(to, "%s ", word);
	put_clean(to, value, false);
	buf_put_char(to, '\n');
}

static void put_auth(struct buf *to, const char *word, str domain, str by, const char *result)
{
	buf_putf(to, "%s ", word);
	put_clean(to, domain, false);
	buf_put_char(to, ' ');
	put_clean(to, by.n > 0 ? by : S("-"), false);
	buf_putf(to, " %s\n", result);
}

/* Each signature, and the SPF identity that counts. */
static void put_results(const struct judge *j, struct buf *to)
{
	const struct dkim_verify *v = j->dkim ? dkim_check_verdicts(j->dkim) : NULL;
	bool null = j->client.sender.n == 0;
	const struct spf_check *spf = null ? j->helo : j->mailfrom;

	for (size_t i = 0; v && i < dkim_verify_count(v); i++) {
		const struct dkim_verify_result *s = dkim_verify_result(v, i);

		if (s->domain[0])
			put_auth(to, "auth_dkim", str_of(s->domain), str_of(s->selector),
				dkim_verify_name(s->verdict));
	}
	if (spf)
		put_auth(to, "auth_spf", null ? j->spf_helo : address_domain(j->client.sender),
			null ? S("helo") : S("mfrom"),
			spf_result_name(spf_check_verdict(spf)->result));
}

bool dmarc_fact(const struct judge *j, struct buf *to)
{
	const struct dmarc_verdict *v = dmarc_check_verdict(j->dmarc);
	const struct conf_origin *at;
	const char *rule, *disposition = judge_dmarc_disposition(j, &at, &rule);
	char ip[IP_TEXT_MAX], place[CONF_ORIGIN_TEXT_MAX];

	if (!v->policy_domain || !v->policy_domain[0])
		return false;
	put(to, "source", str_of(ip_print(&j->spf_client, ip)));
	put(to, "header_from", str_of(v->domain));
	put(to, "envelope_from", address_domain(j->client.sender));
	put(to, "disposition", str_of(disposition));
	put(to, "dkim", v->dkim_aligned ? S("pass") : S("fail"));
	put(to, "spf", v->spf_aligned ? S("pass") : S("fail"));
	if (rule)
		put_auth(to, "override", str_of(rule),
			at ? str_of(conf_origin_print(at, place)) : S(""), "");
	put_results(j, to);
	buf_put(to, S("policy "));
	put_clean(to, v->text, true);
	buf_put_char(to, '\n');
	return true;
}
