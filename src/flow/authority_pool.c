/* flow/authority: whose password is compared when.  As many are in the pool as it has threads; the
 * others wait in a line for each client address, and the lines take turns. */
#include <openssl/crypto.h>

#include "base/mem.h"
#include "flow/authority_inside.h"

static void pump(struct authority *a);

static str line_key(const struct ip *client, char to[17])
{
	size_t n = client->family == 6 ? 8 : 4; /* a /64 is one customer */

	to[0] = (char)client->family;
	memcpy(to + 1, client->bytes, n);
	return str_from(to, 1 + n);
}

static void line_up(struct authority_talk *t)
{
	struct authority *a = t->authority;
	char text[17];
	str key = line_key(&t->question.client, text);
	struct authority_line *line = map_get(&a->lines, key);

	if (!line) {
		line = MEM_NEW(struct authority_line);
		list_init(&line->talks);
		memcpy(line->key, key.p, key.n);
		line->key_octets = key.n;
		map_set(&a->lines, key, line);
		list_append(&a->turns, &line->link);
	}
	list_append(&line->talks, &t->link);
}

/* The next talk of the line whose turn it is; a line that has more goes to the end. */
static struct authority_talk *next(struct authority *a)
{
	struct authority_line *line;
	struct authority_talk *t;

	if (list_empty(&a->turns))
		return NULL;
	line = AROUND(list_first(&a->turns), struct authority_line, link);
	t = AROUND(list_first(&line->talks), struct authority_talk, link);
	list_remove(&t->link);
	list_remove(&line->link);
	if (list_empty(&line->talks)) {
		map_remove(&a->lines, str_from(line->key, line->key_octets));
		mem_free(line);
	} else {
		list_append(&a->turns, &line->link);
	}
	return t;
}

/* In a thread of the pool: entry and password are left alone by all others meanwhile. */
static void compare(struct work_job *job)
{
	struct authority_talk *t = AROUND(job, struct authority_talk, job);

	t->right = scheme_matches(&t->entry->hash, buf_str(&t->bytes)) && t->real;
}

static void settle(struct authority_talk *t, bool right)
{
	if (buf_str(&t->bytes).n > 0)
		OPENSSL_cleanse(t->bytes.p + t->bytes.start, buf_str(&t->bytes).n);
	buf_free(&t->bytes);
	if (right)
		authority_say_yes(t);
	else
		authority_say_wrong(t, t->real ? "wrong password" : "no such login");
}

static void compared(struct work_job *job)
{
	struct authority_talk *t = AROUND(job, struct authority_talk, job);
	struct authority *a = t->authority;

	a->busy--;
	settle(t, t->right && !job->cancelled);
	if (!job->cancelled) /* else the pool is closing */
		pump(a);
}

static void pump(struct authority *a)
{
	struct authority_talk *t;

	while (a->busy < a->threads && (t = next(a))) {
		if (authority_left(t)) { /* the next free thread is for somebody who waits */
			settle(t, false);
			continue;
		}
		t->place = AUTHORITY_AT_POOL;
		t->job = (struct work_job){ .run = compare, .done = compared, .loop = a->loop };
		a->busy++;
		if (!work_post(a->pool, &t->job)) { /* it has as many threads as we count */
			a->busy--;
			settle(t, false);
		}
	}
}

void authority_pool_check(struct authority_talk *t, str password)
{
	buf_clear(&t->bytes);
	buf_put(&t->bytes, password);
	t->place = AUTHORITY_AT_QUEUE;
	line_up(t);
	pump(t->authority);
}

/* The talks themselves are freed already. */
void authority_pool_close(struct authority *a)
{
	LIST_EACH_SAFE (link, &a->turns)
		mem_free(AROUND(link, struct authority_line, link));
	map_free(&a->lines);
}
