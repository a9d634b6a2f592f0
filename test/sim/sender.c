/*
 * test/sim/sender - who the sender is, told with the whole daemon: what we forward, sign and hold
 *
 *	sim_sender [--seeds FROM-TO] [--verbose]
 *
 * For two hours mail comes in while a DKIM key is replaced, machines die and the DNS fails.  Wrong
 * is:
 *   SRS  forwarded mail whose sender is not rewritten; a bounce that does not come back to who sent
 *	  it; anything that an address which was not made here, or is too old, leads to (P3);
 *   ARC  a chain that the next hop finds broken, but where it came in broken;
 *   DKIM a signature that does not verify, or by a key that the DNS did not show when it was made,
 *	  or not for long enough;
 *   the quarantine, more messages in it than fit, one that comes out of it, one without an end.
 */
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "test/sim/sender.h"
#include "test/sim/trace.h"

/* OpenSSL's memory is no node's: where a machine dies, that of its keys is lost. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
	return "quarantine_size_mb=16:detect_leaks=0";
}

static bool range(str s, uint64_t *from, uint64_t *to)
{
	str head;

	return str_cut(&s, '-', &head) && number_parse(head, UINT64_MAX - 1, from) &&
	       number_parse(s, UINT64_MAX - 1, to) && *from <= *to;
}

int main(int argc, char **argv)
{
	uint64_t from = 1, to = 20, failed = 0;
	struct sender_numbers n = { 0 };
	bool verbose = false;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--verbose") == 0) {
			verbose = true;
		} else if (strcmp(argv[i], "--seeds") != 0 || i + 1 == argc ||
			   !range(str_of(argv[++i]), &from, &to)) {
			fprintf(stderr, "usage: sim_sender [--seeds FROM-TO] [--verbose]\n");
			return 2;
		}
	}
	trace_setup(verbose);
	for (uint64_t seed = from; seed <= to; seed++) {
		if (sender_tell(seed, &n))
			continue;
		failed++;
		printf("seed %llu: %s\n", (unsigned long long)seed, sim.failure);
	}
	printf("%llu seeds: %u crashes; %u messages signed, %u of them by a new key; %u forwarded, "
	       "%u bounces came back, %u were refused; %u chains, %u of them broken before; %u "
	       "quarantined, %u had no place\n%llu passed, %llu failed\n",
		(unsigned long long)(to - from + 1), n.crashes, n.is_signed, n.by_new, n.forwarded,
		n.came_back, n.refused, n.chains, n.broken, n.quarantined, n.no_place,
		(unsigned long long)(to - from + 1 - failed), (unsigned long long)failed);
	return failed > 0;
}
