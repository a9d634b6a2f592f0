#include "conf/conf.h"

#include <stdio.h>

#include "base/mem.h"

char *conf_origin_print(const struct conf_origin *o, char to[CONF_ORIGIN_TEXT_MAX])
{
	if (o->file.n == 0)
		snprintf(to, CONF_ORIGIN_TEXT_MAX, "default");
	else
		snprintf(to, CONF_ORIGIN_TEXT_MAX, "%.*s:%u", STR(o->file), o->line);
	return to;
}

const struct conf_net *conf_nets_find(const struct conf_nets *nets, const struct ip *ip)
{
	for (size_t i = 0; i < nets->count; i++)
		if (ip_net_has(&nets->items[i].net, ip))
			return &nets->items[i];
	return NULL;
}

struct conf *conf_keep(struct conf *c)
{
	__atomic_add_fetch(&c->references, 1, __ATOMIC_RELAXED);
	return c;
}

void conf_drop(struct conf *c)
{
	if (!c || __atomic_sub_fetch(&c->references, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	arena_free(&c->arena);
	mem_free(c);
}
