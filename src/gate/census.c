#include "gate/census.h"

#include <assert.h>
#include <stdatomic.h>

#include "base/map.h"
#include "base/mem.h"
#include "conf/limit.h"

struct census {
	atomic_flag busy;   /* held for a look into the map only */
	struct map clients; /* values: the count */
	unsigned sessions;
};

struct census *census_new(void)
{
	return MEM_NEW(struct census);
}

void census_free(struct census *c)
{
	map_free(&c->clients);
	mem_free(c);
}

static void lock(struct census *c)
{
	while (atomic_flag_test_and_set_explicit(&c->busy, memory_order_acquire))
		;
}

static void unlock(struct census *c)
{
	atomic_flag_clear_explicit(&c->busy, memory_order_release);
}

static str client_key(const struct ip *ip)
{
	return str_from(ip, ip->family == 6 ? 1 + 8 : 1 + 4);
}

bool census_enter(
	struct census *c, const struct ip *client, const struct conf *conf, struct fail *why)
{
	str key = client_key(client);
	bool full, crowd;
	uintptr_t n;

	lock(c);
	n = (uintptr_t)map_get(&c->clients, key);
	full = c->sessions >= conf->limits.sessions_max;
	crowd = n >= conf->limits.client_sessions_max;
	if (!full && !crowd) {
		map_set(&c->clients, key, (void *)(n + 1));
		__atomic_add_fetch(&c->sessions, 1, __ATOMIC_RELAXED);
	}
	unlock(c);
	if (full)
		fail_reply(why, 421, "4.3.2", "Too many sessions, try again later");
	else if (crowd)
		fail_reply(why, 421, "4.7.0", "Too many sessions from your address");
	else
		return true;
	conf_limit_blame(conf, full ? "sessions" : "sessions-per-client", why);
	return false;
}

void census_leave(struct census *c, const struct ip *client)
{
	str key = client_key(client);
	uintptr_t n;

	lock(c);
	n = (uintptr_t)map_get(&c->clients, key);
	assert(n > 0 && c->sessions > 0);
	if (n == 1)
		map_remove(&c->clients, key);
	else
		map_set(&c->clients, key, (void *)(n - 1));
	__atomic_sub_fetch(&c->sessions, 1, __ATOMIC_RELAXED);
	unlock(c);
}

unsigned census_sessions(const struct census *c)
{
	return __atomic_load_n(&c->sessions, __ATOMIC_RELAXED);
}
