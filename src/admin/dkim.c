#include "admin/dkim.h"

#include "admin/exit.h"

int dkim_command(
	const str *words, size_t count, str dir, bool json, struct buf *out, bool *answered)
{
	*answered = false;
	if (str_eq(words[0], S("genkey")))
		return dkim_genkey(words + 1, count - 1, json, out, answered);
	if (str_eq(words[0], S("status")))
		return dkim_status(words + 1, count - 1, dir, json, out, answered);
	buf_put(out, S("what can be done is genkey or status\n"));
	return EXIT_USAGE;
}
