#include "world/tls_server.h"

#include "base/mem.h"
#include "world/tls_inside.h"

struct named {
	str name; /* by mem_copy */
	struct tls_context *pair;
};

struct tls_server {
	int references; /* atomic */
	struct tls_context *pair;
	struct named *names;
	size_t count;
	bool asks;
};

struct tls_server *tls_server_new(struct tls_context *pair)
{
	struct tls_server *s = MEM_NEW(struct tls_server);

	s->references = 1;
	s->pair = tls_context_keep(pair);
	return s;
}

void tls_server_add(struct tls_server *s, str name, struct tls_context *pair)
{
	s->names = mem_grow(s->names, (s->count + 1) * sizeof *s->names);
	s->names[s->count++] = (struct named){ mem_copy(name), tls_context_keep(pair) };
}

void tls_server_ask(struct tls_server *s)
{
	s->asks = true;
}

bool tls_server_asks(const struct tls_server *s)
{
	return s->asks;
}

struct tls_server *tls_server_keep(struct tls_server *s)
{
	__atomic_add_fetch(&s->references, 1, __ATOMIC_RELAXED);
	return s;
}

void tls_server_drop(struct tls_server *s)
{
	if (!s || __atomic_sub_fetch(&s->references, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	for (size_t i = 0; i < s->count; i++) {
		mem_free((char *)s->names[i].name.p);
		tls_context_free(s->names[i].pair);
	}
	tls_context_free(s->pair);
	mem_free(s->names);
	mem_free(s);
}

static bool fits(str pattern, str name)
{
	if (!str_starts(pattern, S(".")))
		return str_eq_nocase(pattern, name);
	return name.n > pattern.n && str_eq_nocase(pattern, str_skip(name, name.n - pattern.n));
}

struct tls_context *tls_server_pair(const struct tls_server *s, str name)
{
	struct tls_context *pair = s->pair;
	size_t longest = 0;

	for (size_t i = 0; i < s->count; i++)
		if (s->names[i].name.n > longest && fits(s->names[i].name, name)) {
			pair = s->names[i].pair;
			longest = s->names[i].name.n;
		}
	return pair;
}
