/* Laws: the verdict does not depend on the cut; what is taken is never more than the limit; a
 * header that was taken names a client and a server of one family, or is local. */
#include "test/fuzz.h"

#include "smtp/proxy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	str whole = str_from(data, size), rest = whole;
	struct proxy_header header, again;
	struct fail why = { 0 };
	enum scan want = proxy_take(&rest, &header, &why), got = SCAN_MORE;

	LAW((want == SCAN_BAD) == (why.kind != FAIL_NONE));
	LAW(want != SCAN_MORE || size < PROXY_OCTETS_MAX);
	LAW(want == SCAN_DONE || rest.n == size);
	LAW(size - rest.n <= PROXY_OCTETS_MAX);
	if (want == SCAN_DONE && !header.local)
		LAW(header.client.ip.family != 0 && header.server.ip.family != 0);
	for (size_t n = 0; n <= size && got == SCAN_MORE; n++) {
		rest = str_first(whole, n);
		got = proxy_take(&rest, &again, NULL);
	}
	LAW(got == want);
	if (got == SCAN_DONE)
		LAW(again.local == header.local && endpoint_eq(&again.client, &header.client) &&
			endpoint_eq(&again.server, &header.server));
	return 0;
}
