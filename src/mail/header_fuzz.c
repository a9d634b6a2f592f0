/* Law: the facts, and the place where the header ends, do not depend on the cut. */
#include "test/fuzz.h"

#include "mail/header.h"

static void scan(struct header_scan *h, str message, size_t cut)
{
	size_t done = 0, end = 0;

	header_scan_init(h);
	while (end < message.n && !h->over) {
		end = cut < message.n - end ? end + cut : message.n;
		done += header_scan_feed(h, str_skip(str_first(message, end), done));
		LAW(h->over || end - done < HEADER_NAME_MAX);
	}
	LAW(done == h->octets);
	LAW(header_scan_feed(h, str_skip(message, end)) == 0);
	header_scan_end(h);
	LAW(h->over);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	str message = str_from(data, size);
	struct header_scan once, again;

	scan(&once, message, SIZE_MAX);
	for (size_t cut = 1; cut < 20; cut++) {
		scan(&again, message, cut);
		LAW(once.octets == again.octets && once.fields == again.fields);
		LAW(once.received == again.received && once.delivered_to == again.delivered_to);
		LAW(once.malformed == again.malformed && once.is_signed == again.is_signed);
		LAW(str_eq(str_from(once.id, once.id_n), str_from(again.id, again.id_n)));
		LAW(once.header_high == again.header_high && once.body_high == again.body_high);
	}
	return 0;
}
