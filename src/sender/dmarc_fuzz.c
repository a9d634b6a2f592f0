/* Laws: whatever the records are, the machine ends within its limits; the verdict does not depend
 * on the order of the answers, nor on late or double ones; what is aligned passed, and lies at or
 * below the author's organization; without trouble, who is the author's domain and passed is enough
 * wherever there is a policy.  The first line of the input is the author's domain, the next three
 * are SPF's and two signers' domains; each other line is "NAME TEXT", a record at _dmarc.NAME. */
#include "test/fuzz.h"

#include "base/buf.h"
#include "dns/name.h"
#include "sender/dmarc_fake.h"

static struct dns_zone *read_zone(str lines)
{
	struct buf text = { 0 };
	char name[DNS_NAME_MAX + 1];
	struct dns_zone *zone;
	str line, first;

	for (unsigned n = 0; lines.n > 0 && n < 50; n++) {
		str_cut(&lines, '\n', &line);
		str_cut(&line, ' ', &first);
		if (!dns_name_ascii(first, name) || strlen(name) > DNS_NAME_MAX - 7)
			continue;
		if (str_eq(line, S("SERVFAIL"))) {
			buf_putf(&text, "_dmarc.%s SERVFAIL\n", name);
			continue;
		}
		buf_putf(&text, "_dmarc.%s TXT \"", name);
		for (size_t i = 0; i < line.n; i++)
			buf_putf(&text, "\\%03d", (unsigned char)line.p[i]);
		buf_put(&text, S("\"\n"));
	}
	zone = dns_zone_parse(buf_str(&text), NULL);
	buf_free(&text);
	return zone;
}

static struct dmarc *judge(
	const struct dmarc_request *request, const struct dns_zone *zone, uint64_t seed)
{
	struct dmarc *d = dmarc_new(request);
	struct prng r;

	prng_seed(&r, seed);
	LAW(dmarc_fake_run(d, zone, &r, DMARC_QUESTIONS_MAX));
	return d;
}

static void check(const struct dmarc_verdict *v, const struct dmarc_request *request)
{
	bool own = false, any = false;
	char ascii[DNS_NAME_MAX + 1];

	LAW(v->questions <= DMARC_QUESTIONS_MAX);
	for (size_t i = 0; i < request->identifier_count; i++) {
		const struct dmarc_identifier *id = &request->identifiers[i];
		bool named = dns_name_ascii(id->domain, ascii);

		own |= id->passed && named && str_eq(str_of(ascii), str_of(v->domain));
		any |= v->aligned[i];
		LAW(!v->aligned[i] || (id->passed && named));
		LAW(!v->aligned[i] || dns_name_below(str_of(ascii), str_of(v->organization)) ||
			str_eq(str_of(ascii), str_of(v->domain)));
	}
	LAW(any == (v->spf_aligned || v->dkim_aligned) && any == (v->result == DMARC_PASS));
	LAW(!own || v->result != DMARC_FAIL);
	LAW(v->policy <= v->asked && (v->record.testing || v->policy == v->asked));
	LAW(v->result == DMARC_NONE || v->result == DMARC_PASS || v->why.text[0]);
	LAW(v->domain[0] ? dns_name_below(str_of(v->domain), str_of(v->organization)) ||
				   v->result == DMARC_PERMERROR
			 : v->result == DMARC_PERMERROR);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	str lines = str_from(data, size), from;
	struct dmarc_identifier ids[3] = {
		{.passed = true     },
                {  .dkim = true,     .passed = true },
		{ .dkim = true, .passed = size % 2 }
	};
	struct dmarc_request request = {
		.from = &from, .from_count = 1, .identifiers = ids, .identifier_count = 3
	};
	const struct dmarc_verdict *a, *b;
	struct dmarc *first, *second;
	struct dns_zone *zone;

	str_cut(&lines, '\n', &from);
	for (size_t i = 0; i < LENGTH(ids); i++)
		str_cut(&lines, '\n', &ids[i].domain);
	zone = read_zone(lines);
	LAW(zone);
	first = judge(&request, zone, size);
	second = judge(&request, zone, size * 31 + 1);
	a = dmarc_verdict(first);
	b = dmarc_verdict(second);
	check(a, &request);
	LAW(a->result == b->result && a->policy == b->policy && str_eq(a->text, b->text));
	LAW(memcmp(a->aligned, b->aligned, sizeof a->aligned) == 0);
	LAW(strcmp(a->organization, b->organization) == 0 && strcmp(a->why.text, b->why.text) == 0);
	dmarc_free(first);
	dmarc_free(second);
	dns_zone_free(zone);
	return 0;
}
