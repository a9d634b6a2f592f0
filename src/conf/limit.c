#include "conf/limit.h"

void conf_limit_blame(const struct conf *c, const char *word, struct fail *why)
{
	const struct conf_origin *at = conf_where(c, S("limits"), str_of(word));

	if (!why)
		return;
	if (!at)
		at = conf_where(c, S("login"), str_of(word));
	why->limit = word;
	conf_origin_print(at ? at : &(struct conf_origin){ 0 }, why->origin);
}
