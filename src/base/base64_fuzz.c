/* Law: what decodes, encodes back to the same text; what was encoded, decodes. */
#include "test/fuzz.h"

#include "base/base64.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	str input = str_from(data, size);
	struct buf once = { 0 }, twice = { 0 };

	if (base64_decode(input, &once)) {
		LAW(base64_encode(buf_str(&once), &twice));
		LAW(str_eq(buf_str(&twice), input));
	}
	buf_clear(&once);
	buf_clear(&twice);
	LAW(base64_encode(input, &once));
	LAW(base64_decode(buf_str(&once), &twice));
	LAW(str_eq(buf_str(&twice), input));
	buf_free(&once);
	buf_free(&twice);
	return 0;
}
