/* Laws: what is found is an address that stands in the list, behind the one before it; who puts
 * each back in its place has the list again; a list of what was found alone has the same addresses.
 */
#include "test/fuzz.h"

#include "base/buf.h"
#include "mail/address.h"
#include "mail/addresses.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct addresses all = { .list = str_from(data, size) }, again;
	struct buf same = { 0 }, alone = { 0 };
	size_t at = 0, count = 0;
	str address;

	while (addresses_next(&all, &address)) {
		size_t place = (size_t)(address.p - all.list.p);

		LAW(place >= at && place + address.n <= size);
		LAW(address_parse(address, true, NULL));
		buf_put(&same, str_first(str_skip(all.list, at), place - at));
		buf_put(&same, address);
		buf_putf(&alone, "%s<%.*s>", count++ > 0 ? ",\r\n " : " ", STR(address));
		at = place + address.n;
	}
	buf_put(&same, str_skip(all.list, at));
	LAW(str_eq(buf_str(&same), all.list));
	again = (struct addresses){ .list = buf_str(&alone) };
	while (addresses_next(&again, &address))
		count--;
	LAW(count == 0);
	buf_free(&same);
	buf_free(&alone);
	return 0;
}
