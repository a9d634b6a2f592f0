#include "queue/retry.h"

int64_t retry_wait_ms(const struct conf_queue *queue, unsigned attempts, struct prng *r)
{
	size_t i = attempts > 0 ? attempts - 1 : 0;
	int64_t wait_ms;

	if (i >= queue->retry_count)
		i = queue->retry_count - 1;
	wait_ms = queue->retry_ms[i];
	return wait_ms + prng_between(r, 0, wait_ms * RETRY_JITTER_PER_CENT / 100);
}
