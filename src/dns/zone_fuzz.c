/* Law: what a zone answers, written as the lines of a zone of its own, is answered alike by it. */
#include "test/fuzz.h"

#include "base/buf.h"
#include "dns/zone.h"

static const enum dns_type types[] = { DNS_A, DNS_CNAME, DNS_PTR, DNS_MX, DNS_TXT, DNS_AAAA };

static void print_octets(struct buf *to, str octets)
{
	for (size_t i = 0; i < octets.n; i++)
		buf_putf(to, "\\%03d", (unsigned char)octets.p[i]);
}

static void print_record(const struct dns_record *r, struct buf *to)
{
	char ip[IP_TEXT_MAX];

	buf_putf(to, "law.test %s ", dns_type_name(r->type));
	if (r->type == DNS_MX)
		buf_putf(to, "%u ", r->preference);
	if (r->ip.family)
		/* An AAAA that is a mapped IPv4 address must stay an AAAA. */
		buf_putf(to, "%s%s", r->type == DNS_AAAA && r->ip.family == 4 ? "::ffff:" : "",
			ip_print(&r->ip, ip));
	else if (r->type == DNS_TXT)
		buf_put(to, S("\"\""));
	print_octets(to, r->name);
	print_octets(to, r->text);
	buf_put(to, r->type == DNS_TXT || r->ip.family ? S("\n") : S(".\n"));
}

static void check(const struct dns_records *all, enum dns_type type)
{
	struct buf text = { 0 };
	struct dns_records *again;
	struct dns_zone *z;

	LAW(all->count > 0);
	for (size_t i = 0; i < all->count; i++) {
		LAW(all->records[i].type == type);
		print_record(&all->records[i], &text);
	}
	z = dns_zone_parse(buf_str(&text), NULL);
	LAW(z);
	LAW(dns_zone_find(z, S("LAW.test"), type, &again) == ZONE_FOUND);
	LAW(again->count == all->count);
	for (size_t i = 0; i < all->count; i++) {
		LAW(str_eq(again->records[i].name, all->records[i].name));
		LAW(str_eq(again->records[i].text, all->records[i].text));
		LAW(ip_eq(&again->records[i].ip, &all->records[i].ip));
		LAW(again->records[i].preference == all->records[i].preference);
	}
	dns_records_free(again);
	dns_zone_free(z);
	buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	str text = str_from(data, size), line, name;
	struct dns_zone *z = dns_zone_parse(text, NULL);
	struct dns_records *all;

	while (z && text.n > 0) {
		str_cut(&text, '\n', &line);
		if (!str_word(&line, &name))
			continue;
		for (size_t i = 0; i < LENGTH(types); i++) {
			if (dns_zone_find(z, name, types[i], &all) == ZONE_FOUND)
				check(all, types[i]);
			dns_records_free(all);
		}
	}
	dns_zone_free(z);
	return 0;
}
