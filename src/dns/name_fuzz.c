/* Law: the ASCII form of a name is a valid name, in lower case, and its own ASCII form. */
#include "test/fuzz.h"

#include "base/ascii.h"
#include "dns/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char once[DNS_NAME_MAX + 1], twice[DNS_NAME_MAX + 1];

	if (!dns_name_ascii(str_from(data, size), once))
		return 0;
	LAW(dns_name_valid(str_of(once)));
	for (size_t i = 0; once[i]; i++)
		LAW(!ascii_upper_letter(once[i]));
	LAW(dns_name_ascii(str_of(once), twice));
	LAW(str_eq(str_of(once), str_of(twice)));
	return 0;
}
