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
			return nets->items[i].except ? NULL : &nets->items[i];
	return NULL;
}

const struct conf_net *conf_nets_meet(const struct conf_nets *nets, const struct ip_net *net)
{
	for (size_t i = 0; i < nets->count; i++) {
		const struct conf_net *item = &nets->items[i];
		bool around = ip_net_has(&item->net, &net->ip) &&
			      item->net.prefix_bits <= net->prefix_bits;

		if (item->except && around)
			return NULL;
		if (!item->except && (around || ip_net_has(net, &item->net.ip)))
			return item;
	}
	return NULL;
}

/* "section { word ... }" or "section word ..." */
static const struct conf_origin *where_in_section(const struct conf_directive *d, str word)
{
	if (d->word_count > 1 && str_eq(d->words[1].text, word))
		return &d->words[1].origin;
	for (size_t i = 0; i < d->block.count; i++)
		if (str_eq(d->block.items[i].words[0].text, word))
			return &d->block.items[i].words[0].origin;
	return NULL;
}

const struct conf_origin *conf_where(const struct conf *c, str section, str word)
{
	const struct conf_origin *at = NULL;

	for (size_t i = 0; !at && i < c->directives.count; i++) {
		const struct conf_directive *d = &c->directives.items[i];

		if (section.n == 0 && str_eq(d->words[0].text, word))
			at = &d->words[0].origin;
		else if (section.n > 0 && str_eq(d->words[0].text, section))
			at = where_in_section(d, word);
	}
	return at;
}

char *conf_where_print(const struct conf *c, str section, str word, char to[CONF_ORIGIN_TEXT_MAX])
{
	const struct conf_origin *at = conf_where(c, section, word);

	return conf_origin_print(at ? at : &(struct conf_origin){ 0 }, to);
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
