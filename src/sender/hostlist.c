#include "sender/hostlist.h"

#include "base/arena.h"
#include "base/mem.h"
#include "dns/name.h"
#include "sender/dataset.h"

#define NAME_PRECISION 1000 /* more than that of any network */

struct entry {
	struct entry *next;
	bool exception;
	str name; /* of a host, ".domain", or "": it is a network */
	struct ip_net net;
	unsigned line;
};

struct hostlist {
	struct arena arena;
	str file;
	struct entry *first;
};

static bool read_entry(struct hostlist *l, const struct dataset *d, const struct dataset_row *row,
	struct entry *e, struct fail *why)
{
	char ascii[DNS_NAME_MAX + 1];
	str text = row->key, name;

	if (row->value.n > 0)
		return dataset_wrong(d, row->column, why, "one entry a line is expected");
	e->exception = str_starts(text, S("!"));
	text = str_skip(text, e->exception);
	e->line = row->line;
	if (ip_net_parse(text, &e->net))
		return true;
	name = str_skip(text, str_starts(text, S(".")));
	if (str_has(text, '/') || str_has(text, ':') || !dns_name_ascii(name, ascii))
		return dataset_wrong(d, 1, why,
			"'%.*s' is no host, .domain, address or network (a network has only zeros "
			"behind its prefix)",
			STR(row->key));
	e->name = arena_printf(&l->arena, "%s%s", name.n < text.n ? "." : "", ascii);
	return true;
}

static bool read_entries(struct hostlist *l, str text, struct fail *why)
{
	struct dataset d = { .file = l->file, .rest = text };
	struct entry **last = &l->first;
	struct dataset_row row;

	while (dataset_next(&d, &row)) {
		struct entry *e = ARENA_NEW(&l->arena, struct entry);

		if (!read_entry(l, &d, &row, e, why))
			return false;
		*last = e;
		last = &e->next;
	}
	return true;
}

struct hostlist *hostlist_read(str file, str text, struct fail *why)
{
	struct hostlist *l = MEM_NEW(struct hostlist);

	arena_init(&l->arena, ARENA_UNLIMITED);
	l->file = arena_copy(&l->arena, file);
	if (read_entries(l, text, why))
		return l;
	hostlist_free(l);
	return NULL;
}

void hostlist_free(struct hostlist *l)
{
	if (!l)
		return;
	arena_free(&l->arena);
	mem_free(l);
}

str hostlist_file(const struct hostlist *l)
{
	return l->file;
}

/* How precisely an entry means this client, 0: not at all.  Every name is more precise than every
 * network, and a longer one than a shorter one. */
static size_t precision(const struct entry *e, const struct ip *client, str name)
{
	if (e->name.n == 0)
		return ip_net_has(&e->net, client) ? 1u + e->net.prefix_bits : 0;
	if (str_eq(e->name, S("localhost")))
		return ip_loopback(client) ? NAME_PRECISION + e->name.n : 0;
	if (e->name.p[0] == '.' ? name.n > e->name.n && str_ends_nocase(name, e->name)
				: str_eq_nocase(name, e->name))
		return NAME_PRECISION + e->name.n;
	return 0;
}

bool hostlist_has(const struct hostlist *l, const struct ip *client, str name, unsigned *line)
{
	const struct entry *best = NULL;
	size_t best_precision = 0;

	for (const struct entry *e = l->first; e; e = e->next) {
		size_t p = precision(e, client, name);

		if (p > best_precision || (p > 0 && p == best_precision && e->exception)) {
			best = e;
			best_precision = p;
		}
	}
	*line = best ? best->line : 0;
	return best && !best->exception;
}
