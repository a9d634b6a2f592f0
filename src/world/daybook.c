#include "world/daybook.h"

#include <limits.h>
#include <sqlite3.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"
#include "world/clock.h"
#include "world/file.h"
#include "world/loop.h"

#define BUSY_MS 5000 /* a reader may hold its lock so long */

struct daybook {
	struct loop *loop; /* its thread alone touches the rest */
	struct loop_timer flush;
	bool flushing; /* the timer is set */
	sqlite3 *db;
	sqlite3_stmt *count_up, *insert, *facts_of, *forget;
	struct map pending; /* by day, topic and fact: struct pending */
	unsigned days;
	uint64_t lost;    /* not yet written down */
	bool broken;      /* the last time, which was logged */
	unsigned waiting; /* atomic */
	uint64_t unheard; /* lost before they were taken; atomic */
};

/* What was added, on its way to the thread. */
struct added {
	struct loop_task task;
	struct daybook *daybook;
	unsigned days; /* not 0: the new limit, and nothing else */
	int64_t day;
	size_t topic_n;
	str text; /* topic and fact, by mem_copy */
};

struct pending {
	int64_t day;
	str topic, fact;
	str text; /* both, by mem_copy; null: they are somebody else's */
	uint64_t count;
};

static const char schema[] =
	"PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
	"CREATE TABLE IF NOT EXISTS daybook (day INTEGER NOT NULL, topic TEXT NOT NULL,"
	" fact TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (day, topic, fact))"
	" WITHOUT ROWID;"
	"PRAGMA user_version=1;";

/* --- in its thread ------------------------------------------------------------------------------
 */

static void complain(struct daybook *t, const char *what)
{
	if (!t->broken)
		log_line(LOG_ERROR, "daybook-broken", "%s: %s", what, sqlite3_errmsg(t->db));
	t->broken = true;
}

static bool run(struct daybook *t, sqlite3_stmt *s)
{
	bool done = sqlite3_step(s) == SQLITE_DONE;

	if (!done)
		complain(t, "the daybook is not written");
	sqlite3_reset(s);
	return done;
}

static void bind_text(sqlite3_stmt *s, int i, str text)
{
	sqlite3_bind_text(s, i, text.n ? text.p : "", (int)text.n, SQLITE_STATIC);
}

static void bind(sqlite3_stmt *s, const struct pending *p)
{
	sqlite3_bind_int64(s, 1, p->day);
	bind_text(s, 2, p->topic);
	bind_text(s, 3, p->fact);
	sqlite3_bind_int64(s, 4, (int64_t)p->count);
}

static uint64_t facts_of(struct daybook *t, int64_t day)
{
	uint64_t n = DAYBOOK_FACTS_MAX; /* if it cannot be known, there is no room */

	sqlite3_bind_int64(t->facts_of, 1, day);
	if (sqlite3_step(t->facts_of) == SQLITE_ROW)
		n = (uint64_t)sqlite3_column_int64(t->facts_of, 0);
	sqlite3_reset(t->facts_of);
	return n;
}

/* Its count goes up; where it is new, there must be room for it. */
static bool write_one(struct daybook *t, const struct pending *p, bool room)
{
	bind(t->count_up, p);
	if (!run(t, t->count_up))
		return false;
	if (sqlite3_changes(t->db) > 0)
		return true;
	if (!room) {
		t->lost += p->count;
		return true;
	}
	bind(t->insert, p);
	return run(t, t->insert);
}

static bool write_all(struct daybook *t)
{
	int64_t day = -1, today = clock_wall_ms() / 1000 / DAYBOOK_DAY_S;
	struct pending lost = { .day = today, .topic = S(DAYBOOK_LOST), .fact = S("") };
	uint64_t facts = 0;

	for (struct map_entry *e = NULL; (e = map_next(&t->pending, e));) {
		const struct pending *p = e->value;

		if (p->day != day)
			facts = facts_of(t, p->day);
		day = p->day;
		if (!write_one(t, p, facts < DAYBOOK_FACTS_MAX))
			return false;
		facts++; /* at most: it may not have been new */
	}
	lost.count = t->lost;
	if (lost.count > 0 && !write_one(t, &lost, true))
		return false;
	sqlite3_bind_int64(t->forget, 1, today - (int64_t)t->days);
	return run(t, t->forget);
}

static void forget_pending(struct daybook *t)
{
	for (struct map_entry *e = NULL; (e = map_next(&t->pending, e));) {
		struct pending *p = e->value;

		mem_free((char *)(uintptr_t)p->text.p);
		mem_free(p);
	}
	map_free(&t->pending);
	t->pending = (struct map){ 0 };
}

/* What cannot be written now is counted as lost: it must not grow. */
static void flush(struct daybook *t)
{
	uint64_t lost;
	bool written;

	t->lost += __atomic_exchange_n(&t->unheard, 0, __ATOMIC_RELAXED);
	lost = t->lost;
	written = sqlite3_exec(t->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK &&
		  write_all(t) && sqlite3_exec(t->db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK;
	if (written) {
		t->lost = 0;
		t->broken = false;
	} else {
		complain(t, "the daybook is not written");
		sqlite3_exec(t->db, "ROLLBACK", NULL, NULL, NULL);
		t->lost = lost;
		for (struct map_entry *e = NULL; (e = map_next(&t->pending, e));)
			t->lost += ((struct pending *)e->value)->count;
	}
	forget_pending(t);
}

static void flush_now(struct loop_timer *timer)
{
	struct daybook *t = AROUND(timer, struct daybook, flush);

	t->flushing = false;
	flush(t);
}

static void count(struct daybook *t, const struct added *a)
{
	struct pending *p;
	struct buf key = { 0 };

	buf_putf(&key, "%lld %zu %.*s", (long long)a->day, a->topic_n, STR(a->text));
	p = map_get(&t->pending, buf_str(&key));
	if (!p && t->pending.count < DAYBOOK_FACTS_MAX) {
		p = MEM_NEW(struct pending);
		*p = (struct pending){ .day = a->day, .text = mem_copy(a->text) };
		p->topic = str_first(p->text, a->topic_n);
		p->fact = str_skip(p->text, a->topic_n);
		map_set(&t->pending, buf_str(&key), p);
	}
	if (p)
		p->count++;
	else
		t->lost++;
	buf_free(&key);
}

static void take(struct loop_task *task)
{
	struct added *a = AROUND(task, struct added, task);
	struct daybook *t = a->daybook;

	__atomic_sub_fetch(&t->waiting, 1, __ATOMIC_RELAXED);
	if (a->days > 0)
		t->days = a->days;
	else
		count(t, a);
	if (!t->flushing)
		loop_timer_set(t->loop, &t->flush, loop_now_ms(t->loop) + DAYBOOK_MS_MAX / 2);
	t->flushing = true;
	mem_free((char *)(uintptr_t)a->text.p);
	mem_free(a);
}

/* --- from other threads -------------------------------------------------------------------------
 */

static void post(struct daybook *t, const struct added *what)
{
	struct added *a;

	if (__atomic_add_fetch(&t->waiting, 1, __ATOMIC_RELAXED) > DAYBOOK_WAITING_MAX) {
		__atomic_sub_fetch(&t->waiting, 1, __ATOMIC_RELAXED);
		__atomic_add_fetch(&t->unheard, 1, __ATOMIC_RELAXED);
		return;
	}
	a = MEM_NEW(struct added);
	*a = *what;
	a->daybook = t;
	a->text = mem_copy(what->text);
	a->task.run = take;
	loop_post(t->loop, &a->task);
}

void daybook_add(struct daybook *t, int64_t day, str topic, str fact)
{
	struct buf text = { 0 };

	if (!t)
		return;
	if (topic.n + fact.n > DAYBOOK_OCTETS_MAX) {
		__atomic_add_fetch(&t->unheard, 1, __ATOMIC_RELAXED);
		return;
	}
	buf_put(&text, topic);
	buf_put(&text, fact);
	post(t, &(struct added){ .day = day, .topic_n = topic.n, .text = buf_str(&text) });
	buf_free(&text);
}

void daybook_days(struct daybook *t, unsigned days)
{
	if (t)
		post(t, &(struct added){ .days = days });
}

static bool prepare(struct daybook *t, const char *text, sqlite3_stmt **to)
{
	return sqlite3_prepare_v2(t->db, text, -1, to, NULL) == SQLITE_OK;
}

static bool open_database(struct daybook *t, str path, struct fail *why)
{
	char name[PATH_MAX];

	if (sqlite3_open_v2(str_to_c(path, name, sizeof name), &t->db,
		    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
		    NULL) == SQLITE_OK &&
		sqlite3_busy_timeout(t->db, BUSY_MS) == SQLITE_OK &&
		sqlite3_exec(t->db, schema, NULL, NULL, NULL) == SQLITE_OK &&
		prepare(t,
			"UPDATE daybook SET count = count + ?4 WHERE day = ?1 AND topic = ?2 AND "
			"fact = ?3",
			&t->count_up) &&
		prepare(t, "INSERT INTO daybook VALUES (?1, ?2, ?3, ?4)", &t->insert) &&
		prepare(t, "SELECT count(*) FROM daybook WHERE day = ?1", &t->facts_of) &&
		prepare(t, "DELETE FROM daybook WHERE day <= ?1", &t->forget))
		return true;
	return fail_with(why, FAIL_TEMPORARY, "4.3.0", "%.*s: %s", STR(path),
		t->db ? sqlite3_errmsg(t->db) : "no memory");
}

static void daybook_free(struct daybook *t)
{
	sqlite3_finalize(t->count_up);
	sqlite3_finalize(t->insert);
	sqlite3_finalize(t->facts_of);
	sqlite3_finalize(t->forget);
	sqlite3_close(t->db);
	mem_free(t);
}

struct daybook *daybook_open(str path, unsigned days, struct fail *why)
{
	struct daybook *t = MEM_NEW(struct daybook);

	t->days = days;
	if (!open_database(t, path, why)) {
		daybook_free(t);
		return NULL;
	}
	t->flush.run = flush_now;
	t->loop = loop_new("daybook");
	loop_start(t->loop);
	return t;
}

void daybook_close(struct daybook *t)
{
	if (!t)
		return;
	loop_stop(t->loop);
	loop_join(t->loop);
	loop_timer_cancel(t->loop, &t->flush);
	flush(t);
	loop_free(t->loop);
	daybook_free(t);
}

/* --- reading ------------------------------------------------------------------------------------
 */

static str column(sqlite3_stmt *s, int i)
{
	const unsigned char *text = sqlite3_column_text(s, i);

	return str_from(text ? (const char *)text : "", (size_t)sqlite3_column_bytes(s, i));
}

static int read_rows(sqlite3 *db, str topic, daybook_each *each, void *owner)
{
	sqlite3_stmt *s = NULL;
	int step = sqlite3_prepare_v2(db,
		"SELECT day, topic, fact, count FROM daybook WHERE ?1 = '' OR topic = ?1 "
		"ORDER BY day DESC, topic, count DESC, fact",
		-1, &s, NULL);

	if (step == SQLITE_OK) {
		bind_text(s, 1, topic);
		while ((step = sqlite3_step(s)) == SQLITE_ROW)
			each(owner, sqlite3_column_int64(s, 0), column(s, 1), column(s, 2),
				(uint64_t)sqlite3_column_int64(s, 3));
	}
	sqlite3_finalize(s);
	return step;
}

bool daybook_read(str path, str topic, daybook_each *each, void *owner, struct fail *why)
{
	char name[PATH_MAX];
	sqlite3 *db = NULL;
	int code;

	if (!file_exists(path))
		return true;
	code = sqlite3_open_v2(str_to_c(path, name, sizeof name), &db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_busy_timeout(db, BUSY_MS);
	if (code == SQLITE_OK)
		code = read_rows(db, topic, each, owner);
	if (code != SQLITE_DONE)
		fail_with(why, FAIL_TEMPORARY, "4.3.0", "%.*s: %s", STR(path),
			db ? sqlite3_errmsg(db) : "no memory");
	sqlite3_close(db);
	return code == SQLITE_DONE;
}
