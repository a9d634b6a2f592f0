#include "flow/results.h"

#include "base/ascii.h"
#include "mail/authres.h"

str results_id(const struct conf *c)
{
	return c->sender.results.id.n > 0 ? c->sender.results.id : c->hostname.text;
}

bool results_claimed(const struct conf *c, str name, str value)
{
	return str_eq_nocase(name, S("Authentication-Results")) &&
	       authres_claims(value, results_id(c));
}

static void put_ip(struct authres_writer *w, str type, str name, const struct ip *ip)
{
	char text[IP_TEXT_MAX];

	authres_property(w, type, name, str_of(ip_print(ip, text)));
}

static void put_spf(struct authres_writer *w, const struct results *r, const struct spf_verdict *v,
	str property, str value)
{
	authres_add(w, S("spf"), str_of(spf_result_name(v->result)));
	if (v->why.text[0])
		authres_reason(w, str_of(v->why.text));
	authres_property(w, S("smtp"), property, value);
	if (!ip_eq(&r->spf_client, &r->client))
		put_ip(w, S("smtp"), S("remote-ip"), &r->spf_client);
}

static void put_signature(struct authres_writer *w, const struct dkim_verify_result *s)
{
	authres_add(w, S("dkim"), str_of(dkim_verify_name(s->verdict)));
	if (s->why[0])
		authres_reason(w, str_of(s->why));
	else if (s->testing)
		authres_reason(w, S("the key is only tried"));
	if (s->domain[0])
		authres_property(w, S("header"), S("d"), str_of(s->domain));
	if (s->identity[0])
		authres_property(w, S("header"), S("i"), str_of(s->identity));
	if (s->selector[0])
		authres_property(w, S("header"), S("s"), str_of(s->selector));
	if (s->known)
		authres_property(
			w, S("header"), S("a"), str_of(dkim_field_algorithm(s->algorithm)));
	if (s->b[0])
		authres_property(w, S("header"), S("b"), str_of(s->b));
}

static void put_dkim(struct authres_writer *w, const struct dkim_verify *v)
{
	for (size_t i = 0; i < dkim_verify_count(v); i++)
		put_signature(w, dkim_verify_result(v, i));
	if (dkim_verify_count(v) == 0)
		authres_add(w, S("dkim"), S("none"));
}

static void put_arc(struct authres_writer *w, const struct results *r)
{
	authres_add(w, S("arc"), str_of(arc_set_cv(r->arc->cv)));
	if (r->arc->why[0])
		authres_reason(w, str_of(r->arc->why));
	if (r->arc->domain[0])
		authres_property(w, S("header"), S("d"), str_of(r->arc->domain));
	if (r->arc->count > 0)
		put_ip(w, S("smtp"), S("remote-ip"), &r->client); /* RFC 8617 section 10.2 */
}

static void put_dmarc(struct authres_writer *w, const struct results *r)
{
	const struct dmarc_verdict *v = r->dmarc;

	authres_add(w, S("dmarc"), str_of(dmarc_result_name(v->result)));
	if (v->result != DMARC_PASS && v->why.text[0])
		authres_reason(w, str_of(v->why.text));
	if (v->domain[0])
		authres_property(w, S("header"), S("from"), str_of(v->domain));
	authres_property(w, S("policy"), S("dmarc"), str_of(r->disposition));
}

void results_authentication(const struct results *r, struct buf *to)
{
	struct authres_writer w;
	bool whole;

	authres_begin(&w, to, r->id, r->utf8);
	if (r->iprev) {
		authres_add(&w, S("iprev"), str_of(iprev_result_name(r->iprev->result)));
		put_ip(&w, S("policy"), S("iprev"), &r->client);
	}
	if (r->mailfrom)
		put_spf(&w, r, r->mailfrom, S("mailfrom"), r->sender);
	if (r->spf_helo)
		put_spf(&w, r, r->spf_helo, S("helo"), r->helo);
	if (r->dkim)
		put_dkim(&w, r->dkim);
	if (r->arc)
		put_arc(&w, r);
	if (r->dmarc)
		put_dmarc(&w, r);
	whole = authres_end(&w);
	(void)whole; /* to has no limit */
}

void results_body(const struct results *r, struct buf *to)
{
	struct buf field = { 0 };
	str body;

	results_authentication(r, &field);
	body = str_trim(buf_str(&field));
	buf_put(to, str_trim(str_skip(body, str_find(body, ':') + 1)));
	buf_free(&field);
}

/* A value of a stranger, quoted; what is no visible ASCII becomes '?'. */
static void put_quoted(struct buf *to, str value)
{
	buf_put_char(to, '"');
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		if (c == '"' || c == '\\')
			buf_put_char(to, '\\');
		buf_put_char(to, ascii_control(c) || ascii_high(c) ? '?' : c);
	}
	buf_put_char(to, '"');
}

static void put_identity(
	const struct results *r, const struct spf_verdict *v, const char *identity, struct buf *to)
{
	char ip[IP_TEXT_MAX];

	buf_putf(to, "Received-SPF: %s\r\n\treceiver=%.*s; client-ip=%s;\r\n\tidentity=%s;",
		spf_result_name(v->result), STR(r->id), ip_print(&r->spf_client, ip), identity);
	if (r->sender.n > 0) {
		buf_put(to, S("\r\n\tenvelope-from="));
		put_quoted(to, r->sender);
		buf_put(to, S(";"));
	}
	buf_put(to, S("\r\n\thelo="));
	put_quoted(to, r->helo);
	if (v->mechanism.n > 0) {
		buf_put(to, S(";\r\n\tmechanism="));
		put_quoted(to, v->mechanism);
	}
	if (v->why.text[0]) {
		buf_put(to, S(";\r\n\tproblem="));
		put_quoted(to, str_of(v->why.text));
	}
	buf_put(to, S("\r\n"));
}

void results_received_spf(const struct results *r, struct buf *to)
{
	if (r->mailfrom)
		put_identity(r, r->mailfrom, "mailfrom", to);
	else if (r->spf_helo)
		put_identity(r, r->spf_helo, "helo", to);
}
