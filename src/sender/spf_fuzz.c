/* Laws: whatever the records are, every check ends within its limits; its verdict depends neither
 * on the order of the answers nor on late or double ones; cut off at any moment it ends at once; an
 * explanation is clean.  The first line of the input is the sender, the others are the TXT records
 * of d0.test, d1.test and so on; what is asked of other names is in the zone below. */
#include "test/fuzz.h"

#include "base/buf.h"
#include "dns/name.h"
#include "sender/spf_fake.h"
#include "sender/spf_record.h"

#define NOW_MS 1000

static const str zone_text =
	STR_INIT("a.test A 192.0.2.1\na.test AAAA 2001:db8::1\n"
		 "b.test A 192.0.2.2\nb.test A 192.0.2.1\n"
		 "mx.test MX 1 a.test\nmx.test MX 2 b.test\nmx.test MX 3 slow\n"
		 "sick.test SERVFAIL\nslow TIMEOUT\n"
		 "1.2.0.192.in-addr.arpa PTR a.test\n"
		 "1.2.0.192.in-addr.arpa PTR b.test\n"
		 "1.2.0.192.in-addr.arpa PTR slow\n");

static struct dns_zone *read_zone(str lines)
{
	struct buf text = { 0 };
	struct dns_zone *zone;
	str line;

	buf_put(&text, zone_text);
	for (unsigned n = 0; lines.n > 0 && n < 100; n++) {
		str_cut(&lines, '\n', &line);
		buf_putf(&text, "d%u.test TXT \"", n);
		for (size_t i = 0; i < line.n; i++)
			buf_putf(&text, "\\%03d", (unsigned char)line.p[i]);
		buf_put(&text, S("\"\n"));
	}
	for (unsigned n = 0; n < 12; n++)
		buf_putf(&text, "many.test MX %u a%u.test\n", n, n);
	zone = dns_zone_parse(buf_str(&text), NULL);
	buf_free(&text);
	return zone;
}

static struct spf *open_check(str sender, bool six)
{
	struct spf_request request = { .helo = S("d1.test"), .sender = sender, .now_ms = NOW_MS };

	LAW(ip_parse(six ? S("2001:db8::1") : S("192.0.2.1"), &request.client));
	return spf_new(&request);
}

static void check_limits(const struct spf_verdict *v)
{
	bool error = v->result == SPF_TEMPERROR || v->result == SPF_PERMERROR;

	LAW(v->questions <= SPF_QUESTIONS_MAX);
	LAW(v->lookups <= SPF_LOOKUPS_MAX + (v->result == SPF_PERMERROR));
	LAW(v->voids <= SPF_VOIDS_MAX + (v->result == SPF_PERMERROR));
	LAW(error == (v->why.kind != FAIL_NONE));
	LAW(!v->explanation[0] || v->result == SPF_FAIL);
	for (const char *p = v->explanation; *p; p++)
		LAW(*p >= ' ' && *p <= '~');
}

static void check_order(str sender, bool six, const struct dns_zone *zone, uint64_t seed)
{
	struct spf *first = open_check(sender, six), *second = open_check(sender, six);
	const struct spf_verdict *a = spf_verdict(first), *b = spf_verdict(second);
	struct prng r;

	prng_seed(&r, seed);
	LAW(spf_fake_run(first, zone, &r, SPF_QUESTIONS_MAX));
	LAW(spf_fake_run(second, zone, &r, SPF_QUESTIONS_MAX));
	check_limits(a);
	LAW(a->result == b->result && str_eq(a->mechanism, b->mechanism));
	LAW(str_eq(a->domain, b->domain) && str_eq(a->record, b->record));
	LAW(str_eq(a->inner, b->inner) && str_eq(a->inner_domain, b->inner_domain));
	LAW(strcmp(a->explanation, b->explanation) == 0 && strcmp(a->why.text, b->why.text) == 0);
	LAW(a->questions == b->questions && a->lookups == b->lookups && a->voids == b->voids);
	spf_free(first);
	spf_free(second);
}

static void check_deadline(str sender, bool six, const struct dns_zone *zone, uint64_t seed)
{
	struct spf *s = open_check(sender, six);
	struct prng r;
	bool done;

	prng_seed(&r, seed);
	done = spf_fake_run(s, zone, &r, (unsigned)(seed % 20));
	spf_tick(s, NOW_MS + SPF_MS_MAX - 1);
	LAW(done == (spf_deadline_ms(s) == INT64_MAX));
	spf_tick(s, NOW_MS + SPF_MS_MAX);
	LAW(spf_next(s).kind == SPF_DONE);
	LAW(done || spf_verdict(s)->result == SPF_TEMPERROR || spf_verdict(s)->result == SPF_FAIL);
	check_limits(spf_verdict(s));
	spf_free(s);
}

static void check_record(str text)
{
	struct spf_record record;
	struct spf_term term;

	if (!spf_record_is(text) || !spf_record_read(text, &record, NULL))
		return;
	while (spf_record_next(&record.terms, &term)) {
		LAW(term.text.n > 0 && str_has(S("+-~?"), term.qualifier));
		LAW(term.domain.n == 0 || spf_macro_domain(term.domain));
		LAW(term.bits4 <= 32 && term.bits6 <= 128);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	str lines = str_from(data, size), sender, line;
	struct dns_zone *zone;
	uint64_t seed = size * 31;

	str_cut(&lines, '\n', &sender);
	zone = read_zone(lines);
	LAW(zone);
	for (unsigned n = 0; n < 2; n++) {
		check_order(sender, n, zone, seed);
		check_deadline(sender, n, zone, seed + n);
	}
	while (lines.n > 0) {
		str_cut(&lines, '\n', &line);
		check_record(line);
	}
	dns_zone_free(zone);
	return 0;
}
