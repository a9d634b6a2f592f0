/* Laws: what is found stands in the header; a field put in front is always found; what stands
 * behind the empty line changes nothing. */
#include "test/fuzz.h"

#include "base/buf.h"
#include "mail/delivered.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	str text = str_from(data, size), address = S("a@b.test");
	bool before = delivered_before(text, address);
	struct buf more = { 0 };

	LAW(!before || str_find(text, ':') < text.n);
	buf_put(&more, S("Delivered-To: <A@B.test>\r\n"));
	buf_put(&more, text);
	LAW(delivered_before(buf_str(&more), address));
	buf_clear(&more);
	buf_put(&more, text);
	buf_put(&more, S("\r\n\r\nDelivered-To: a@b.test\r\n"));
	LAW(!before || delivered_before(buf_str(&more), address));
	buf_free(&more);
	return 0;
}
