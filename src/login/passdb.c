#include "login/passdb.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/map.h"
#include "base/mem.h"
#include "login/saslprep.h"

struct passdb {
	int references; /* atomic */
	struct arena arena;
	struct map names; /* to struct passdb_entry */
	struct passdb_entry **entries;
	size_t count, size;
	struct passdb_entry **scram; /* those of SCHEME_SCRAM */
	size_t scram_count;
};

/* Where a reader stands. */
struct place {
	str file;
	unsigned line;
	struct fail *why;
};

static bool wrong(const struct place *at, size_t column, const char *text)
{
	return fail_with(at->why, FAIL_PERMANENT, "", "%.*s:%u:%zu: %s", STR(at->file), at->line,
		column + 1, text);
}

/* --- extra fields ----------------------------------------------------------------------------- */

/* What Dovecot would obey, and we would not: better no login at all than another one. */
static const str weighty[] = { STR_INIT("nopassword"), STR_INIT("nologin"), STR_INIT("allow_nets"),
	STR_INIT("allow_real_nets"), STR_INIT("pass"), STR_INIT("password"), STR_INIT("proxy"),
	STR_INIT("proxy_maybe"), STR_INIT("master"), STR_INIT("user"), STR_INIT("login_user"),
	STR_INIT("username"), STR_INIT("domain"), STR_INIT("noauthenticate") };

/* The seventh colon on: blank separated NAME[=VALUE]. */
static bool check_extra(const struct place *at, str line, str extra)
{
	char text[120];
	str field, name;

	while (str_word(&extra, &field)) {
		str rest = field;

		str_cut(&rest, '=', &name);
		for (size_t i = 0; i < LENGTH(weighty); i++) {
			if (!str_eq_nocase(name, weighty[i]))
				continue;
			str_to_c(weighty[i], text, sizeof text - 60);
			strcat(text, ": this extra field of Dovecot is not obeyed here");
			return wrong(at, (size_t)(field.p - line.p), text);
		}
	}
	return true;
}

/* --- lines ------------------------------------------------------------------------------------ */

static bool add(struct passdb *t, const struct place *at, str name, const struct scheme_hash *hash)
{
	struct passdb_entry *e = ARENA_NEW(&t->arena, struct passdb_entry);
	const struct passdb_entry *former;

	if (t->count == PASSDB_NAMES_MAX)
		return wrong(at, 0, "there are too many names");
	if (t->count == t->size) {
		t->size = t->size ? t->size * 2 : 16;
		t->entries = mem_grow(t->entries, t->size * sizeof *t->entries);
	}
	e->name = arena_copy(&t->arena, name);
	e->hash = *hash;
	e->hash.text = arena_copy(&t->arena, hash->text);
	e->line = at->line;
	former = map_get(&t->names, name);
	if (former)
		return fail_with(at->why, FAIL_PERMANENT, "",
			"%.*s:%u:1: '%.*s' is given a second time; the first is at line %u",
			STR(at->file), at->line, STR(name), former->line);
	map_set(&t->names, name, e);
	t->entries[t->count++] = e;
	return true;
}

static bool read_line(struct passdb *t, const struct place *at, str line)
{
	struct buf name = { 0 };
	struct scheme_hash hash;
	struct fail weak;
	str rest = line, written, field, skipped;
	bool ok;

	if (line.n == 0 || line.p[0] == '#')
		return true;
	if (line.n > PASSDB_LINE_MAX)
		return wrong(at, PASSDB_LINE_MAX, "the line is too long");
	if (!str_cut(&rest, ':', &written))
		return wrong(at, line.n, "behind the name stands a colon, and the password's hash");
	str_cut(&rest, ':', &field);
	if (!scheme_parse(field, &hash, &weak))
		return wrong(at, written.n + 1, weak.text);
	for (int i = 0; i < 5; i++) /* uid, gid, gecos, home, shell */
		str_cut(&rest, ':', &skipped);
	if (!check_extra(at, line, rest))
		return false;
	ok = saslprep_name(written, true, &name)
		     ? add(t, at, buf_str(&name), &hash)
		     : wrong(at, 0, "this cannot be the name of a login");
	buf_free(&name);
	return ok;
}

static void gather_scram(struct passdb *t)
{
	t->scram = mem_zero((t->count + 1) * sizeof *t->scram);
	for (size_t i = 0; i < t->count; i++)
		if (t->entries[i]->hash.kind == SCHEME_SCRAM)
			t->scram[t->scram_count++] = t->entries[i];
}

struct passdb *passdb_read(str file, str text, struct fail *why)
{
	struct passdb *t = MEM_NEW(struct passdb);
	struct place at = { .file = file, .why = why };
	bool ok = true;
	str line;

	t->references = 1;
	arena_init(&t->arena, ARENA_UNLIMITED);
	while (ok && text.n > 0) {
		str_cut(&text, '\n', &line);
		at.line++;
		if (str_ends(line, S("\r")))
			line.n--;
		ok = read_line(t, &at, line);
	}
	if (!ok) {
		passdb_drop(t);
		return NULL;
	}
	gather_scram(t);
	return t;
}

struct passdb *passdb_keep(struct passdb *t)
{
	__atomic_add_fetch(&t->references, 1, __ATOMIC_RELAXED);
	return t;
}

void passdb_drop(struct passdb *t)
{
	if (!t || __atomic_sub_fetch(&t->references, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	map_free(&t->names);
	mem_free(t->entries);
	mem_free(t->scram);
	arena_free(&t->arena);
	mem_free(t);
}

/* --- look-ups --------------------------------------------------------------------------------- */

size_t passdb_count(const struct passdb *t)
{
	return t->count;
}

bool passdb_has_scram(const struct passdb *t)
{
	return t->scram_count > 0;
}

const struct passdb_entry *passdb_at(const struct passdb *t, size_t i)
{
	return t->entries[i];
}

const struct passdb_entry *passdb_find(const struct passdb *t, str name)
{
	return map_get(&t->names, name);
}

const struct passdb_entry *passdb_decoy(
	const struct passdb *t, str name, bool scram, uint64_t secret)
{
	size_t count = scram ? t->scram_count : t->count;
	/* map_hash is keyed, too, but with a number that other strangers' keys are tried on */
	uint64_t which = map_hash(name) ^ secret;

	which *= 0x9e3779b97f4a7c15ULL;
	which ^= which >> 32;
	if (count == 0)
		return NULL;
	return scram ? t->scram[which % count] : t->entries[which % count];
}
