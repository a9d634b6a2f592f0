/* Law: a size or a time that is read prints to a text that reads to the same value; a network too.
 */
#include "test/fuzz.h"

#include "base/ip.h"
#include "base/number.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	str input = str_from(data, size);
	char text[NUMBER_TEXT_MAX], address[ENDPOINT_TEXT_MAX];
	uint64_t octets, octets_again;
	int64_t ms, ms_again;
	struct ip_net net, net_again;
	struct endpoint at, at_again;

	if (number_parse_size(input, &octets))
		LAW(number_parse_size(str_of(number_print_size(octets, text)), &octets_again) &&
			octets == octets_again);
	if (number_parse_time(input, &ms) && ms < INT64_MAX / 2)
		LAW(number_parse_time(str_of(number_print_time(ms, text)), &ms_again) &&
			ms == ms_again);
	if (ip_net_parse(input, &net))
		LAW(ip_net_parse(str_of(ip_net_print(&net, address)), &net_again) &&
			ip_eq(&net.ip, &net_again.ip) && net.prefix_bits == net_again.prefix_bits);
	if (endpoint_parse(input, 25, &at))
		LAW(endpoint_parse(str_of(endpoint_print(&at, address)), 0, &at_again) ||
			at.port == 0);
	return 0;
}
