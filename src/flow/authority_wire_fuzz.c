/* Law: what is taken is put again as it was. */
#include "test/fuzz.h"

#include "base/buf.h"
#include "flow/authority_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	str bytes = str_from((const char *)data, size), reason;
	struct authority_question q;
	struct buf again = { 0 };
	struct fail why = { 0 };

	if (authority_wire_take_question(bytes, &q)) {
		authority_wire_put_question(&q, &again);
		LAW(str_eq(buf_str(&again), bytes));
	} else if (authority_wire_take_refusal(bytes, &why, &reason)) {
		char text[FAIL_TEXT_MAX + 4096];

		LAW(why.kind == FAIL_TEMPORARY || why.kind == FAIL_PERMANENT);
		authority_wire_put_refusal(&why, str_to_c(reason, text, sizeof text), &again);
		/* control characters of the text have been cleaned: its length stays */
		LAW(buf_str(&again).n <= bytes.n);
	}
	buf_free(&again);
	return 0;
}
