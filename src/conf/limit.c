#include "conf/limit.h"

void conf_limit_blame(const struct conf *c, const char *word, struct fail *why)
{
	if (!why)
		return;
	why->limit = word;
	conf_where_print(c, S("limits"), str_of(word), why->origin);
}
