#include "route/alias.h"

#include <assert.h>

#include "base/mem.h"
#include "mail/address.h"
#include "route/alias_table.h"
#include "route/alias_text.h"
#include "world/courier.h"

struct alias_builder {
	struct alias_table *table;
	str domain;
	alias_include *include;
	void *owner;
	bool programs, files; /* may stand in the aliases files that are added */
	unsigned source;      /* counts the files that were added */
	size_t target_count;  /* in the whole table */
	struct buf targets;   /* of the key that is being read */
};

/* A file that is being read, and the one that includes it. */
struct reading {
	const struct reading *by;
	unsigned depth;
	struct alias_text text;
};

/* The key that is being read. */
struct entry {
	str key; /* in table form; null: its targets are of no use */
	str file;
	uint32_t line;
	size_t count;
};

struct alias_builder *alias_builder_new(str domain, alias_include *include, void *owner)
{
	struct alias_builder *b = MEM_NEW(struct alias_builder);

	b->table = alias_table_new();
	b->domain = arena_copy(&b->table->arena, domain);
	b->include = include;
	b->owner = owner;
	return b;
}

struct alias_table *alias_builder_finish(struct alias_builder *b)
{
	struct alias_table *t = b->table;

	buf_free(&b->targets);
	mem_free(b);
	return t;
}

void alias_builder_free(struct alias_builder *b)
{
	if (b)
		alias_table_free(alias_builder_finish(b));
}

/* Does a domain stand behind it?  An @ inside the quotes of a local part is none. */
static bool has_domain(str word)
{
	return str_has(word, '@') && !str_ends(word, S("\""));
}

/* local@domain, for a word that may lack the domain. */
static bool whole_address(
	const struct alias_builder *b, str word, char to[ADDRESS_KEY_MAX], str *address)
{
	size_t n = word.n;

	if (n + 1 + b->domain.n > ADDRESS_KEY_MAX)
		return false;
	memcpy(to, word.p, n);
	if (!has_domain(word)) {
		to[n++] = '@';
		memcpy(to + n, b->domain.p, b->domain.n);
		n += b->domain.n;
	}
	*address = str_from(to, n);
	return true;
}

/* The key of a name, in table form. */
static bool fold_name(const struct alias_builder *b, const struct alias_text *t, str word,
	char to[ADDRESS_KEY_MAX], str *key, struct fail *why)
{
	bool named = t->form == ALIAS_TEXT_ALIASES;
	char raw[ADDRESS_KEY_MAX];
	str address;
	struct fail bad = { 0 };

	if (named && has_domain(word))
		return alias_text_wrong(t, why, "the name of an alias has no domain");
	if (str_starts(word, S("@"))) {
		/* Any local part will do to have the domain folded. */
		address = str_from(raw, 1 + word.n);
		if (address.n > sizeof raw)
			return alias_text_wrong(t, why, "the name is too long");
		raw[0] = 'x';
		memcpy(raw + 1, word.p, word.n);
	} else if (!whole_address(b, word, raw, &address)) {
		return alias_text_wrong(t, why, "the name is too long");
	}
	if (!address_parse(address, true, &bad))
		return alias_text_wrong(t, why, "%s", bad.text);
	if (!address_key(address, to, key))
		return alias_text_wrong(t, why, "the name is no address");
	if (str_starts(word, S("@")))
		*key = str_skip(*key, 1);
	else if (named)
		*key = address_local(*key);
	return true;
}

static bool begin_entry(struct alias_builder *b, const struct alias_text *t, str word,
	struct entry *e, struct fail *why)
{
	char to[ADDRESS_KEY_MAX];
	const struct alias_entry *former;
	struct alias_targets given;
	str key;

	*e = (struct entry){ .file = t->file, .line = t->line_number };
	buf_clear(&b->targets);
	if (t->form == ALIAS_TEXT_VIRTUAL && str_eq_nocase(word, b->domain))
		return true;
	if (!fold_name(b, t, word, to, &key, why))
		return false;
	former = map_get(&b->table->map, key);
	if (!former) {
		e->key = arena_copy(&b->table->arena, key);
		return true;
	}
	if (former->source != b->source)
		return true;
	alias_entry_read(former->value, &given);
	return alias_text_wrong(t, why, "\"%.*s\" is given twice; it stands in %.*s:%u:1, too",
		STR(word), STR(given.file), given.line);
}

static bool end_entry(
	struct alias_builder *b, struct alias_text *t, const struct entry *e, struct fail *why)
{
	struct alias_table *table = b->table;
	struct buf value = { 0 };

	if (e->line == 0)
		return true; /* nothing was begun */
	if (e->count == 0) {
		t->line_number = e->line;
		t->column = 1;
		return alias_text_wrong(t, why, "this name has no target");
	}
	if (!e->key.p)
		return true;
	alias_entry_head(&value, e->file, e->line, e->count);
	buf_put(&value, buf_str(&b->targets));
	alias_table_add(table, e->key, buf_str(&value), b->source);
	buf_free(&value);
	return true;
}

static bool count_target(struct alias_builder *b, const struct alias_text *t, struct fail *why)
{
	if (b->target_count++ < ALIAS_TABLE_TARGETS_MAX)
		return true;
	return alias_text_wrong(
		t, why, "more than %u targets in one table", ALIAS_TABLE_TARGETS_MAX);
}

static bool keep_target(struct alias_builder *b, const struct alias_text *t, str text,
	struct entry *e, struct fail *why)
{
	struct alias_target target = { text, t->file, t->line_number, t->column };

	e->count++;
	alias_entry_target(&b->targets, &target);
	return count_target(b, t, why);
}

/* What stands in quotes that go around all of a word: \X is X.  False: it is not so quoted. */
static bool unquote(struct arena *a, str word, str *inner)
{
	char *to;
	size_t n = 0;

	if (word.n < 2 || word.p[0] != '"')
		return false;
	to = arena_alloc(a, word.n);
	assert(to);
	for (size_t i = 1; i + 1 < word.n; i++) {
		if (word.p[i] == '"')
			return false;
		if (word.p[i] == '\\' && i + 2 < word.n)
			i++;
		to[n++] = word.p[i];
	}
	*inner = str_from(to, n);
	return str_ends(word, S("\""));
}

/* Quotes that a local part does not need are taken off, as RFC 5321 section 4.1.2 asks of those who
 * send. */
static str without_quotes(struct arena *a, str address)
{
	str inner, plain;

	if (!unquote(a, address_local(address), &inner))
		return address;
	plain = arena_printf(a, "%.*s@%.*s", STR(inner), STR(address_domain(address)));
	return address_parse(plain, true, NULL) ? plain : address;
}

/* An address that begins as a command or a file does keeps quotes, which tell it from them. */
static str told_apart(struct arena *a, str address)
{
	str plain = without_quotes(a, address);

	if (!str_starts(plain, S("|")) && !str_starts(plain, S("/")))
		return plain;
	return arena_printf(
		a, "\"%.*s\"@%.*s", STR(address_local(plain)), STR(address_domain(plain)));
}

static bool keep_address(struct alias_builder *b, struct arena *a, const struct alias_text *t,
	str word, struct entry *e, struct fail *why)
{
	size_t angle = str_find_last(word, '<');
	char raw[ADDRESS_KEY_MAX];
	struct fail bad = { 0 };
	str address;

	if (str_ends(word, S(">")) && angle < word.n)
		word = str_trim(str_skip(str_first(word, word.n - 1), angle + 1));
	if (!whole_address(b, word, raw, &address))
		return alias_text_wrong(t, why, "the target is too long");
	if (address_parse(address, true, &bad))
		address = told_apart(a, address);
	if (!address_parse(address, true, &bad))
		return alias_text_wrong(t, why, "%s", bad.text);
	return keep_target(b, t, address, e, why);
}

/* "@domain": the same local part there; for the first target of a virtual line, as in Postfix. */
static bool keep_domain(struct alias_builder *b, const struct alias_text *t, str word,
	struct entry *e, struct fail *why)
{
	char raw[ADDRESS_KEY_MAX], key[ADDRESS_KEY_MAX];
	str folded;

	if ((t->form != ALIAS_TEXT_VIRTUAL && t->form != ALIAS_TEXT_VALUE) || e->count > 0)
		return alias_text_wrong(
			t, why, "\"@domain\" may be the first target of a virtual line only");
	raw[0] = 'x';
	if (word.n >= sizeof raw)
		return alias_text_wrong(t, why, "the target is too long");
	memcpy(raw + 1, word.p, word.n);
	if (!address_key(str_from(raw, word.n + 1), key, &folded))
		return alias_text_wrong(t, why, "Bad domain of an address");
	return keep_target(b, t, word, e, why);
}

/* What only a shell understands: no shell reads a command of ours. */
static bool needs_shell(str command)
{
	static const str special = STR_INIT(";&|<>()$`\\\"'*?[]{}!~\t\n");

	for (size_t i = 0; i < command.n; i++)
		if (str_has(special, command.p[i]))
			return true;
	return false;
}

/* "|/path argument ..." */
static bool keep_command(struct alias_builder *b, struct arena *a, const struct alias_text *t,
	str text, struct entry *e, struct fail *why)
{
	str command = str_trim(str_skip(text, 1)), rest = command, word;
	size_t count = 0;

	if (!b->programs)
		return alias_text_wrong(t, why, "no program may stand in this file: '%s' allows it",
			t->form == ALIAS_TEXT_FORWARD ? "forward programs"
						      : "aliases FILE { programs as USER }");
	if (!str_starts(command, S("/")))
		return alias_text_wrong(t, why, "the path of a program is absolute, as in |/bin/x");
	if (needs_shell(command))
		return alias_text_wrong(t, why,
			"this command needs a shell, and none reads it; put it into a script");
	while (str_word(&rest, &word))
		if (++count > COURIER_ARGUMENTS_MAX)
			return alias_text_wrong(
				t, why, "more than %u arguments", COURIER_ARGUMENTS_MAX);
	return keep_target(b, t, arena_printf(a, "|%.*s", STR(command)), e, why);
}

/* No root, and no way up. */
static bool names_file(str path)
{
	bool names = false;
	str part;

	while (path.n > 0) {
		str_cut(&path, '/', &part);
		if (str_eq(part, S("..")))
			return false;
		names = names || part.n > 0;
	}
	return names;
}

static bool keep_into(struct alias_builder *b, struct arena *a, const struct alias_text *t,
	str text, struct entry *e, struct fail *why)
{
	if (t->form == ALIAS_TEXT_INCLUDE)
		return alias_text_wrong(
			t, why, "an included file may name neither programs nor files");
	if (t->form == ALIAS_TEXT_VIRTUAL)
		return alias_text_wrong(
			t, why, "a virtual file may name neither programs nor files");
	if (t->form == ALIAS_TEXT_VALUE)
		return alias_text_wrong(
			t, why, "a table that is asked may name neither programs nor files");
	if (text.n > ALIAS_INTO_MAX)
		return alias_text_wrong(
			t, why, "this is longer than %u characters", ALIAS_INTO_MAX);
	if (str_starts(text, S("|")))
		return keep_command(b, a, t, text, e, why);
	if (!b->files)
		return alias_text_wrong(t, why,
			"no file but /dev/null may stand here: '%s' allows it",
			t->form == ALIAS_TEXT_FORWARD ? "forward files"
						      : "aliases FILE { files as USER }");
	if (!names_file(text))
		return alias_text_wrong(t, why, "this is no path of a file");
	return keep_target(b, t, text, e, why);
}

/* "\\user": his mailbox, whatever aliases and his own .forward say. */
static bool keep_mailbox(struct alias_builder *b, struct arena *a, const struct alias_text *t,
	str word, struct entry *e, struct fail *why)
{
	char raw[ADDRESS_KEY_MAX];
	struct fail bad = { 0 };
	str address;

	if (!whole_address(b, str_skip(word, 1), raw, &address))
		return alias_text_wrong(t, why, "the target is too long");
	if (!address_parse(address, true, &bad))
		return alias_text_wrong(t, why, "%s", bad.text);
	return keep_target(b, t, arena_printf(a, "\\%.*s", STR(address)), e, why);
}

static bool read_include(struct alias_builder *b, const struct reading *by, str path,
	struct entry *e, struct fail *why);

static bool read_target(struct alias_builder *b, struct arena *a, const struct reading *r, str word,
	struct entry *e, struct fail *why)
{
	const struct alias_text *t = &r->text;
	str inner = word, plain;

	if (!e->key.p) {
		e->count++;
		return true;
	}
	if (unquote(a, word, &plain))
		inner = plain;
	if (str_eq(inner, S("/dev/null")))
		return keep_target(b, t, inner, e, why);
	if (str_starts(inner, S("|")) || str_starts(inner, S("/")))
		return keep_into(b, a, t, inner, e, why);
	if (str_starts_nocase(inner, S(":include:")) && t->form == ALIAS_TEXT_VIRTUAL)
		return alias_text_wrong(t, why, "virtual files include nothing");
	if (str_starts_nocase(inner, S(":include:")) && t->form == ALIAS_TEXT_VALUE)
		return alias_text_wrong(t, why, "a table that is asked includes nothing");
	if (str_starts_nocase(inner, S(":include:")) && t->form == ALIAS_TEXT_FORWARD)
		return alias_text_wrong(t, why, "a .forward includes nothing");
	if (str_starts(inner, S("\\")) && t->form == ALIAS_TEXT_FORWARD)
		return keep_mailbox(b, a, t, inner, e, why);
	if (str_starts_nocase(inner, S(":include:")))
		return read_include(b, r, str_trim(str_skip(inner, 9)), e, why);
	if (str_starts(inner, S("@")))
		return keep_domain(b, t, inner, e, why);
	/* Quotes around a whole address are taken off; those of a local part are its own. */
	if (inner.p != word.p && str_has(inner, '@') && address_parse(inner, true, NULL))
		word = inner;
	return keep_address(b, a, t, word, e, why);
}

static bool read_list(struct alias_builder *b, struct arena *a, struct reading *r, struct entry *e,
	struct fail *why)
{
	str word;

	for (;;) {
		switch (alias_text_next(&r->text, &word, why)) {
		case ALIAS_TEXT_TARGET:
			if (!read_target(b, a, r, word, e, why))
				return false;
			break;
		case ALIAS_TEXT_END:
			return true;
		case ALIAS_TEXT_KEY: /* not in this form */
		case ALIAS_TEXT_BAD:
			return false;
		}
	}
}

static bool read_include(struct alias_builder *b, const struct reading *by, str path,
	struct entry *e, struct fail *why)
{
	struct reading r = { .by = by, .depth = by->depth + 1 };
	struct fail bad = { 0 };
	struct arena step;
	bool ok;

	if (r.depth > ALIAS_INCLUDE_DEPTH_MAX)
		return alias_text_wrong(&by->text, why, "files include files deeper than %u",
			ALIAS_INCLUDE_DEPTH_MAX);
	for (const struct reading *up = by; up; up = up->by)
		if (str_eq(up->text.file, path))
			return alias_text_wrong(&by->text, why, "%.*s includes itself", STR(path));
	if (!count_target(b, &by->text, why))
		return false; /* a file without targets costs, too */
	r.text.file = path;
	r.text.form = ALIAS_TEXT_INCLUDE;
	arena_init(&step, ARENA_UNLIMITED);
	ok = b->include(b->owner, &step, path, &r.text.text, &bad);
	if (ok)
		ok = read_list(b, &step, &r, e, why);
	else
		alias_text_wrong(&by->text, why, "%s", bad.text);
	arena_free(&step);
	return ok;
}

static bool read_file(struct alias_builder *b, struct arena *a, struct reading *r, struct fail *why)
{
	struct entry e = { 0 };
	str word;

	for (;;) {
		switch (alias_text_next(&r->text, &word, why)) {
		case ALIAS_TEXT_KEY:
			if (!end_entry(b, &r->text, &e, why) ||
				!begin_entry(b, &r->text, word, &e, why))
				return false;
			break;
		case ALIAS_TEXT_TARGET:
			if (!read_target(b, a, r, word, &e, why))
				return false;
			break;
		case ALIAS_TEXT_END:
			return end_entry(b, &r->text, &e, why);
		case ALIAS_TEXT_BAD:
			return false;
		}
	}
}

static bool add(
	struct alias_builder *b, enum alias_text_form form, str file, str text, struct fail *why)
{
	struct reading r = {
		.text = {.text = text, .file = file, .form = form}
	};
	struct arena step;
	bool ok;

	b->source++;
	arena_init(&step, ARENA_UNLIMITED);
	ok = read_file(b, &step, &r, why);
	arena_free(&step);
	return ok;
}

void alias_builder_allow(struct alias_builder *b, bool programs, bool files)
{
	b->programs = programs;
	b->files = files;
}

bool alias_builder_aliases(struct alias_builder *b, str file, str text, struct fail *why)
{
	return add(b, ALIAS_TEXT_ALIASES, file, text, why);
}

bool alias_builder_virtual(struct alias_builder *b, str file, str text, struct fail *why)
{
	return add(b, ALIAS_TEXT_VIRTUAL, file, text, why);
}

/* A list of targets alone, as the entry of a key that is no local part. */
static bool add_list(
	struct alias_builder *b, enum alias_text_form form, str file, str text, struct fail *why)
{
	struct reading r = {
		.text = {.text = text, .file = file, .form = form}
	};
	struct entry e = { .key = ALIAS_FORWARD_KEY, .file = file, .line = 1 };
	struct arena step;
	bool ok;

	b->source++;
	buf_clear(&b->targets);
	arena_init(&step, ARENA_UNLIMITED);
	ok = read_list(b, &step, &r, &e, why);
	if (ok && e.count > 0)
		ok = end_entry(b, &r.text, &e, why);
	arena_free(&step);
	return ok;
}

bool alias_builder_forward(struct alias_builder *b, str file, str text, struct fail *why)
{
	return add_list(b, ALIAS_TEXT_FORWARD, file, text, why);
}

bool alias_builder_value(struct alias_builder *b, str name, str value, struct fail *why)
{
	return add_list(b, ALIAS_TEXT_VALUE, name, value, why);
}
