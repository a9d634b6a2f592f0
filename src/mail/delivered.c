#include "mail/delivered.h"

static str without_brackets(str address)
{
	if (str_starts(address, S("<")) && str_ends(address, S(">")))
		return str_first(str_skip(address, 1), address.n - 2);
	return address;
}

bool delivered_before(str bytes, str address)
{
	static const str name = STR_INIT("Delivered-To:");
	str line;

	while (str_cut(&bytes, '\n', &line)) { /* the last one, without its end, is not whole */
		line = str_trim_right(line);
		if (line.n == 0)
			return false;
		if (str_starts_nocase(line, name) &&
			str_eq_nocase(without_brackets(str_trim(str_skip(line, name.n))), address))
			return true;
	}
	return false;
}
