#include "flow/key_watch.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/number.h"
#include "flow/questions.h"
#include "sender/dkim_shown.h"
#include "world/clock.h"
#include "world/file.h"

/* What is known of one key of the ring. */
struct known {
	struct key_watch_times times;
	bool looked, retired;
};

struct key_watch {
	struct loop *loop;
	struct resolver *resolver;
	struct router *router; /* a reference */
	struct keyring *ring;  /* the same; null: nothing signs */
	struct questions questions;
	struct loop_timer timer;
	struct known *known; /* as the keys of the ring */
	size_t open;         /* questions */
};

static int64_t now_s(void)
{
	return clock_wall_ms() / 1000;
}

/* --- the file: "RECORD SHOWN REPLACED" a line ---------------------------------------------------
 */

static bool take_time(str *line, int64_t *time)
{
	uint64_t n;
	str word;

	str_cut(line, ' ', &word);
	if (!number_parse(word, INT64_MAX, &n))
		return false;
	*time = (int64_t)n;
	return true;
}

struct key_watch_times key_watch_times(str text, str record)
{
	while (text.n > 0) {
		struct key_watch_times times = { 0 };
		str line, name;

		str_cut(&text, '\n', &line);
		str_cut(&line, ' ', &name);
		if (str_eq(name, record) && take_time(&line, &times.shown_s) &&
			take_time(&line, &times.replaced_s))
			return times;
	}
	return (struct key_watch_times){ 0 };
}

static str path_of(const struct key_watch *w, struct arena *a)
{
	return file_path(a, router_conf(w->router)->state_dir, S(KEY_WATCH_FILE));
}

static void write_down(const struct key_watch *w)
{
	struct buf text = { 0 };
	struct fail why;
	struct arena a;

	arena_init(&a, ARENA_UNLIMITED);
	for (size_t i = 0; i < keyring_count(w->ring); i++)
		buf_putf(&text, "%.*s %lld %lld\n", STR(keyring_at(w->ring, i)->record),
			(long long)w->known[i].times.shown_s,
			(long long)w->known[i].times.replaced_s);
	if (!file_replace(path_of(w, &a), buf_str(&text), 0644, &why))
		log_line(LOG_ERROR, "keys-not-noted", "%s", why.text);
	buf_free(&text);
	arena_free(&a);
}

/* --- what follows from it -----------------------------------------------------------------------
 */

static void log_key(const struct key_watch *w, size_t i, const char *event, const char *reason)
{
	const struct keyring_key *key = keyring_at(w->ring, i);
	struct log_record r;

	log_open(&r, LOG_INFO, event);
	log_str(&r, "domain", key->domain);
	log_str(&r, "selector", key->selector);
	if (reason[0])
		log_c(&r, "reason", reason);
	log_close(&r);
}

static enum keyring_shown judge(const struct key_watch *w, const struct known *known)
{
	int64_t settle_s = router_conf(w->router)->sender.sign.settle_ms / 1000;

	if (known->times.shown_s == 0)
		return known->looked ? KEYRING_MISSING : KEYRING_UNKNOWN;
	return now_s() - known->times.shown_s >= settle_s ? KEYRING_SHOWN : KEYRING_SETTLES;
}

/* Does a key of the same domain and kind, whose row is before it, sign in its place? */
static bool is_replaced(const struct key_watch *w, size_t i)
{
	const struct keyring_key *key = keyring_at(w->ring, i);

	for (size_t k = 0; k < i; k++) {
		const struct keyring_key *other = keyring_at(w->ring, k);

		if (str_eq(other->domain, key->domain) &&
			other->signer->algorithm == key->signer->algorithm &&
			judge(w, &w->known[k]) == KEYRING_SHOWN)
			return true;
	}
	return false;
}

/* True: it is to be written down. */
static bool settle(struct key_watch *w, size_t i)
{
	int64_t retire_s = router_conf(w->router)->sender.sign.retire_ms / 1000;
	struct known *known = &w->known[i];
	bool replaced = is_replaced(w, i), was = known->times.replaced_s > 0;
	bool retired = replaced && was && now_s() - known->times.replaced_s >= retire_s;

	if (replaced && !was)
		log_key(w, i, "key-replaced", "");
	if (replaced != was)
		known->times.replaced_s = replaced ? now_s() : 0;
	if (retired && !known->retired)
		log_key(w, i, "key-retired", "");
	known->retired = retired;
	keyring_show(w->ring, i, retired ? KEYRING_RETIRED : judge(w, known));
	return replaced != was;
}

static void settle_all(struct key_watch *w, bool changed)
{
	for (size_t i = 0; i < keyring_count(w->ring); i++)
		changed |= settle(w, i);
	if (changed)
		write_down(w);
}

/* --- looking ------------------------------------------------------------------------------------
 */

/* The proof stands for the signature that would be asked for again. */
static bool prove(void *owner, const uint8_t digest[DKIM_FIELD_DIGEST],
	uint8_t signature[DKIM_FIELD_SIGNATURE_MAX], size_t *n, struct fail *why)
{
	const struct keyring_key *key = owner;

	(void)digest;
	memcpy(signature, key->proof, key->proof_n);
	*n = key->proof_n;
	return *n > 0 || fail_with(why, FAIL_TEMPORARY, "4.7.5", "no proof");
}

/* True: it is to be written down. */
static bool hear(struct key_watch *w, size_t i, const struct resolve_query *q)
{
	const struct keyring_key *key = keyring_at(w->ring, i);
	const struct dkim_signer signer = {
		.algorithm = key->signer->algorithm, .owner = (void *)(uintptr_t)key, .sign = prove
	};
	struct known *known = &w->known[i];
	const char *why = "";
	enum dkim_shown shown = dkim_shown_judge(
		&signer, key->domain, key->selector, questions_key(q->outcome), q->records, &why);
	bool was = known->times.shown_s > 0, is = shown == DKIM_SHOWN_YES;

	if (shown == DKIM_SHOWN_UNKNOWN)
		return false;
	if (is != was || (!is && !known->looked))
		log_key(w, i, is ? "key-shown" : "key-missing", why);
	known->looked = true;
	if (is != was)
		known->times.shown_s = is ? now_s() : 0;
	return is != was;
}

static void answered(void *owner, uint32_t ticket, const struct resolve_query *q)
{
	struct key_watch *w = owner;

	w->open--;
	settle_all(w, hear(w, ticket, q));
}

static void look(struct loop_timer *timer)
{
	struct key_watch *w = AROUND(timer, struct key_watch, timer);

	if (w->open == 0) {
		settle_all(w, false);
		w->open = keyring_count(w->ring);
		for (size_t i = 0; i < keyring_count(w->ring); i++)
			questions_ask(&w->questions, keyring_at(w->ring, i)->record, DNS_TXT,
				(uint32_t)i);
	}
	loop_timer_set(
		w->loop, timer, loop_now_ms(w->loop) + router_conf(w->router)->sender.sign.look_ms);
}

/* --- life ---------------------------------------------------------------------------------------
 */

static void recall(struct key_watch *w)
{
	struct arena a;
	str path, text = S("");

	arena_init(&a, ARENA_UNLIMITED);
	path = path_of(w, &a);
	if (file_exists(path) && !file_read(&a, path, &text, NULL))
		text = S(""); /* then it is seen anew */
	for (size_t i = 0; i < keyring_count(w->ring); i++)
		w->known[i].times = key_watch_times(text, keyring_at(w->ring, i)->record);
	arena_free(&a);
}

static void begin(struct key_watch *w, struct router *r)
{
	w->router = router_keep(r);
	w->ring = router_keyring(r);
	w->open = 0;
	if (!w->ring)
		return;
	w->known = mem_zero((keyring_count(w->ring) + 1) * sizeof *w->known);
	recall(w);
	settle_all(w, false); /* before the ring signs anything */
	loop_timer_set(w->loop, &w->timer, loop_now_ms(w->loop));
}

static void end(struct key_watch *w)
{
	questions_leave(&w->questions);
	loop_timer_cancel(w->loop, &w->timer);
	mem_free(w->known);
	w->known = NULL;
	router_drop(w->router);
}

struct key_watch *key_watch_new(struct loop *loop, struct resolver *resolver, struct router *r)
{
	struct key_watch *w = MEM_NEW(struct key_watch);

	w->loop = loop;
	w->resolver = resolver;
	w->timer.run = look;
	questions_init(&w->questions, loop, resolver, answered, w);
	begin(w, r);
	return w;
}

void key_watch_change(struct key_watch *w, struct router *r)
{
	end(w);
	begin(w, r);
}

void key_watch_free(struct key_watch *w)
{
	if (!w)
		return;
	end(w);
	mem_free(w);
}
