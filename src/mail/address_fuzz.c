/* Law: what parses has a key (unless its ASCII form is too long), the key parses, and is its own
 * key; what parses without SMTPUTF8 parses with it. */
#include "test/fuzz.h"

#include "base/utf8.h"
#include "mail/address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	str input = str_from(data, size), once, twice;
	char to[ADDRESS_KEY_MAX], again[ADDRESS_KEY_MAX];
	struct fail why;
	bool valid = address_parse(input, true, &why);

	LAW(address_parse(input, false, &why) == (valid && utf8_ascii(input)));
	if (valid && utf8_ascii(input))
		LAW(address_ascii(input));
	if (!address_key(input, to, &once)) {
		LAW(!valid || !utf8_ascii(input));
		return 0;
	}
	LAW(once.n <= ADDRESS_MAX);
	if (valid)
		LAW(address_parse(once, true, &why));
	LAW(address_key(once, again, &twice));
	LAW(str_eq(once, twice));
	return 0;
}
