/* What is understood says the same again, and nothing else does. */
#include "test/fuzz.h"

#include "world/vault_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	str bytes = str_from((const char *)data, size);
	struct vault_message m;
	struct buf again = { 0 };

	if (!vault_wire_read(bytes, &m))
		return 0;
	LAW(vault_wire_write(&m, &again));
	LAW(str_eq(buf_str(&again), bytes));
	LAW(!vault_wire_read(str_first(bytes, bytes.n - 1), &m));
	buf_free(&again);
	return 0;
}
