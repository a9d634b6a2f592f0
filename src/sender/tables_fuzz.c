/* Laws: what is refused says where, within the text; every key that signs is of the key table, for
 * a domain that is its own or the sender's; asking for all begins with what asking for one finds; a
 * list of hosts matches where one of its entries does, and says what they say where they agree.
 * The first line of the input is an address; the key table follows up to a line "--", the signing
 * table up to another one, then the hosts. */
#include "test/fuzz.h"

#include "base/number.h"
#include "dns/name.h"
#include "sender/dataset.h"
#include "sender/hostlist.h"
#include "sender/signtable.h"

static str take_part(str *text)
{
	size_t n = str_find_str(*text, S("\n--\n"));
	str part = str_first(*text, n);

	*text = str_skip(*text, n + 4);
	return part;
}

static void check_refusal(const struct fail *why, size_t size)
{
	str line = str_skip(str_of(why->text), 2);
	uint64_t number;

	line = str_first(line, str_find(line, ':'));
	LAW(str_starts(str_of(why->text), S("f:")));
	LAW(number_parse(line, size + 1, &number) && number > 0);
}

static void check_signing(str text, bool patterns, str address, const struct keytable *keys)
{
	struct signtable_match one[SIGNTABLE_MATCHES_MAX], all[SIGNTABLE_MATCHES_MAX];
	struct fail why = { 0 };
	struct signtable *t = signtable_read(S("f"), text, patterns, keys, &why);
	size_t n, m;

	if (!t) {
		check_refusal(&why, text.n);
		return;
	}
	n = signtable_find(t, address, false, one);
	m = signtable_find(t, address, true, all);
	LAW(n <= 1 && (n > 0) == (m > 0) && m <= SIGNTABLE_MATCHES_MAX);
	LAW(n == 0 || one[0].key == all[0].key);
	for (size_t i = 0; i < m; i++) {
		LAW(keytable_find(keys, all[i].key->name) == all[i].key);
		LAW(dns_name_valid(str_of(all[i].domain)) && dns_name_valid(str_of(all[i].sender)));
		LAW(str_eq(all[i].key->domain, str_of(all[i].domain)) ||
			str_eq(str_of(all[i].sender), str_of(all[i].domain)));
	}
	signtable_free(t);
}

static unsigned rank(const struct hostlist *one, const struct ip *client, str name, bool *yes)
{
	unsigned line;

	*yes = hostlist_has(one, client, name, &line);
	return line;
}

/* Without exceptions the order of precision does not matter: any entry that matches is a yes. */
static void check_hosts(str text)
{
	static const str clients[] = { STR_INIT("127.0.0.1"), STR_INIT("192.0.2.1"),
		STR_INIT("2001:db8::1") };
	static const str names[] = { STR_INIT(""), STR_INIT("a.b.test") };
	struct fail why = { 0 };
	struct hostlist *l = hostlist_read(S("f"), text, &why);

	if (!l) {
		check_refusal(&why, text.n);
		return;
	}
	for (size_t i = 0; i < LENGTH(clients) * LENGTH(names); i++) {
		struct dataset d = { .file = S("f"), .rest = text };
		struct dataset_row row;
		bool any = false, exception = false, got, yes;
		struct ip client;

		LAW(ip_parse(clients[i / 2], &client));
		while (dataset_next(&d, &row)) {
			struct hostlist *one = hostlist_read(S("f"), row.key, &why);

			LAW(one);
			if (rank(one, &client, names[i % 2], &yes) > 0) {
				any |= yes;
				exception |= !yes;
			}
			hostlist_free(one);
		}
		LAW((rank(l, &client, names[i % 2], &got) > 0) == (any || exception));
		LAW(any && exception ? true : got == any);
	}
	hostlist_free(l);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	str text = str_from(data, size), address, part;
	struct fail why = { 0 };
	struct keytable *keys;

	str_cut(&text, '\n', &address);
	part = take_part(&text);
	keys = keytable_read(S("f"), part, &why);
	if (!keys)
		check_refusal(&why, part.n);
	part = take_part(&text);
	for (unsigned n = 0; keys && n < 2; n++)
		check_signing(part, n, address, keys);
	check_hosts(text);
	keytable_free(keys);
	return 0;
}
