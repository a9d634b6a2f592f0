/* Laws: whatever strangers say of themselves, the field that says what we found is one field in
 * lines that mail may have; it is read again as ours, with the results that were given, in their
 * order and none besides; where the sender was no pass, no reader finds one. */
#include "test/fuzz.h"

#include "base/ascii.h"
#include "flow/results.h"
#include "mail/address.h"
#include "mail/authres.h"

#define LINE_OCTETS_MAX 998 /* RFC 5322 section 2.1.1 */

static str take(str *rest)
{
	str head;

	str_cut(rest, '\n', &head);
	return head;
}

static void check_lines(str field)
{
	str line;

	LAW(str_ends(field, S("\r\n")));
	while (field.n > 0) {
		LAW(str_cut(&field, '\n', &line) && str_ends(line, S("\r")));
		line.n--;
		LAW(line.n > 0 && line.n <= LINE_OCTETS_MAX);
		LAW(field.n == 0 || field.p[0] == '\t' || str_starts(field, S("Received-SPF: ")));
		for (size_t i = 0; i < line.n; i++)
			LAW(line.p[i] == '\t' || !ascii_control(line.p[i]));
	}
}

static void check_next(struct authres *a, const char *method, const char *result)
{
	static struct authres_result r;

	LAW(authres_next(a, &r) == AUTHRES_RESULT);
	LAW(strcmp(r.method, method) == 0 && strcmp(r.result, result) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct spf_verdict mailfrom, helo;
	static struct iprev iprev;
	static struct arc_verify_result chain;
	static struct dmarc_verdict dmarc;
	static struct authres_result r;
	str rest = str_from(data, size), body;
	struct buf field = { 0 }, short_one = { 0 };
	struct authres a;

	mailfrom = (struct spf_verdict){ .result = SPF_FAIL, .mechanism = take(&rest) };
	helo = (struct spf_verdict){ .result = SPF_NEUTRAL };
	iprev.result = IPREV_FAIL;
	chain = (struct arc_verify_result){ .cv = ARC_FAIL, .count = 1, .why = "broken" };
	dmarc = (struct dmarc_verdict){ .result = DMARC_FAIL };
	str_to_c(take(&rest), mailfrom.why.text, sizeof mailfrom.why.text);
	str_to_c(take(&rest), chain.domain, sizeof chain.domain);
	str_to_c(take(&rest), dmarc.domain, sizeof dmarc.domain);
	str_to_c(take(&rest), dmarc.why.text, sizeof dmarc.why.text);
	{
		const struct results results = {
			.id = S("pivot.test"),
			.utf8 = size % 2,
			.client = {.family = 4,  .bytes = { 192, 0, 2, 1 }},
			.iprev = &iprev,
			.spf_client = { .family = 4, .bytes = { 192, 0, 2, 2 }},
			.sender = str_first(take(&rest), ADDRESS_MAX),
			.helo = str_first(rest, DNS_NAME_MAX),
			.mailfrom = &mailfrom,
			.spf_helo = &helo,
			.arc = &chain,
			.dmarc = &dmarc,
			.disposition = "none"
		};

		results_authentication(&results, &field);
		results_body(&results, &short_one);
		body = str_skip(buf_str(&field), sizeof "Authentication-Results:" - 1);
		LAW(str_eq(str_trim(body), buf_str(&short_one)));
		LAW(authres_claims(body, S("pivot.test")) && authres_open(body, &a));
		check_next(&a, "iprev", "fail");
		check_next(&a, "spf", "fail");
		check_next(&a, "spf", "neutral");
		check_next(&a, "arc", "fail");
		check_next(&a, "dmarc", "fail");
		LAW(authres_next(&a, &r) == AUTHRES_END);
		results_received_spf(&results, &field);
		check_lines(buf_str(&field));
	}
	buf_free(&field);
	buf_free(&short_one);
	return 0;
}
