/* Laws: the name that is found stands in the field; what follows "by" changes nothing; a field that
 * we write is read as what it says, whatever the client calls itself. */
#include "test/fuzz.h"

#include "base/buf.h"
#include "mail/received.h"

static bool same(const struct received *a, const struct received *b)
{
	return ip_eq(&a->client, &b->client) && str_eq(a->helo, b->helo);
}

static bool plain(str helo)
{
	for (size_t i = 0; i < helo.n; i++)
		if (helo.p[i] <= ' ' || helo.p[i] > '~' || strchr("()<>\\\"[];,", helo.p[i]))
			return false;
	return helo.n > 0 && !str_eq_nocase(helo, S("by"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	str value = str_from(data, size);
	struct received r, again;
	struct buf ours = { 0 };

	if (received_read(value, &r))
		LAW(r.helo.n == 0 ||
			(r.helo.p >= value.p && r.helo.p + r.helo.n <= value.p + value.n));
	buf_put(&ours, S("from a.test ([192.0.2.1]) by "));
	buf_put(&ours, value);
	LAW(received_read(buf_str(&ours), &r));
	LAW(received_read(S("from a.test ([192.0.2.1]) by x"), &again) && same(&r, &again));
	if (plain(value)) {
		buf_clear(&ours);
		buf_putf(&ours, "from %.*s ([192.0.2.1]) by x", STR(value));
		LAW(received_read(buf_str(&ours), &r));
		LAW(str_eq(r.helo, value) && ip_eq(&r.client, &again.client));
	}
	buf_free(&ours);
	return 0;
}
