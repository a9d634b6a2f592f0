#include <assert.h>

#include "base/mem.h"
#include "conf/block.h"
#include "conf/check.h"
#include "conf/list.h"

/* What no file has to say, in the language itself. */
static const struct conf_source built_in = {
	.name = STR_INIT(""),
	.text = STR_INIT("transport smtp { smtp }\n"),
};

static void read_source(struct conf_builder *b, const struct conf_source *source)
{
	struct conf_directives directives = { 0 };
	struct fail why = { 0 };
	bool whole = conf_read(b->arena, arena_copy(b->arena, source->name),
		arena_copy(b->arena, source->text), &directives, &why);

	conf_block_read(b, CONF_IN_TOP, b->conf, &directives);
	if (!whole)
		conf_builder_report(b, &why);
	for (size_t i = 0; i < directives.count && source != &built_in; i++)
		CONF_LIST_ADD(b->arena, b->conf->directives.items, b->conf->directives.count,
			directives.items[i]);
}

static bool has_transport(const struct conf *c, str name)
{
	for (size_t i = 0; i < c->transport_count; i++)
		if (str_eq(c->transports[i].name, name))
			return true;
	return false;
}

struct conf *conf_build_all(str dir, const struct conf_source *sources, size_t count,
	struct buf *errors, struct fail *why)
{
	struct conf *c = MEM_NEW(struct conf);
	struct conf_builder *b = MEM_NEW(struct conf_builder);
	bool ok;

	arena_init(&c->arena, ARENA_UNLIMITED);
	c->references = 1;
	c->dir = arena_copy(&c->arena, dir);
	*b = (struct conf_builder){ .conf = c, .arena = &c->arena, .errors = errors, .why = why };
	conf_block_preset(b, CONF_IN_TOP, c);
	for (size_t i = 0; i < count; i++)
		read_source(b, &sources[i]);
	if (b->error_count == 0 && !has_transport(c, S("smtp")))
		read_source(b, &built_in);
	if (b->error_count == 0)
		conf_check(b);
	ok = b->error_count == 0;
	if (errors && b->error_count > CONF_ERRORS_MAX)
		buf_putf(errors, "and %zu errors more\n", b->error_count - CONF_ERRORS_MAX);
	map_free(&b->names);
	mem_free(b);
	if (ok)
		return c;
	conf_drop(c);
	return NULL;
}

struct conf *conf_build(str dir, const struct conf_source *sources, size_t count, struct fail *why)
{
	return conf_build_all(dir, sources, count, NULL, why);
}
