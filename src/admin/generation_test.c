/* Generations, on real files in a folder of their own. */
#include "test/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "admin/compile.h"
#include "admin/generation.h"
#include "world/file.h"

struct place {
	struct arena arena;
	str dir;
	struct generation_report report;
	struct fail why;
};

static void place_write(struct place *p, const char *name, const char *text)
{
	CHECK(file_replace(
		file_path(&p->arena, p->dir, str_of(name)), str_of(text), 0644, &p->why));
}

static str place_read(struct place *p, const char *name)
{
	str text = { 0 };

	CHECK(file_read(&p->arena, file_path(&p->arena, p->dir, str_of(name)), &text, &p->why));
	return text;
}

static bool place_has(struct place *p, const char *name)
{
	return file_exists(file_path(&p->arena, p->dir, str_of(name)));
}

#define IDENTITY "hostname pivot.test\npostmaster root@example.test\nrelay-for 127.0.0.1\n"
#define DOMAIN                                                           \
	"domain example.test { aliases aliases/example.test.aliases }\n" \
	"mailbox root@example.test { maildir /var/mail/{local} }\n"

static void place_make(struct place *p)
{
	char name[] = "/tmp/facteur-generation-XXXXXX";

	*p = (struct place){ 0 };
	arena_init(&p->arena, ARENA_UNLIMITED);
	CHECK(mkdtemp(name));
	CHECK(file_absolute(&p->arena, str_of(name), &p->dir, &p->why));
	CHECK(file_make_folder(file_path(&p->arena, p->dir, S("conf.d")), 0755, &p->why));
	CHECK(file_make_folder(file_path(&p->arena, p->dir, S("aliases")), 0755, &p->why));
	place_write(p, "conf.d/10-identity.conf", IDENTITY);
	place_write(p, "conf.d/30-domains.conf", DOMAIN);
	place_write(p, "aliases/example.test.aliases", "postmaster: root\ninfo: root\n");
}

static void remove_tree(struct place *p, str path)
{
	str *names;
	size_t count;

	if (file_list(&p->arena, path, &names, &count, NULL))
		for (size_t i = 0; i < count; i++)
			remove_tree(p, file_path(&p->arena, path, names[i]));
	CHECK(file_remove(path, &p->why));
}

static void place_end(struct place *p)
{
	CHECK(unlink(file_path(&p->arena, p->dir, S("current")).p) == 0 || true);
	remove_tree(p, p->dir);
	generation_report_free(&p->report);
	arena_free(&p->arena);
}

static bool compile(struct place *p)
{
	generation_report_free(&p->report);
	return generation_compile(p->dir, &p->report);
}

static bool rollback(struct place *p)
{
	generation_report_free(&p->report);
	return generation_rollback(p->dir, &p->report);
}

/* Where an address leads in the generation in force: its first target, or the words of a refusal.
 */
static str first_target(struct place *p, const char *address)
{
	struct router *r = generation_load(p->dir, &p->why);
	struct route_targets targets = { 0 };
	str target;

	CHECK(r);
	if (!route_expand(r, &p->arena, str_of(address), &targets, &p->why, NULL, NULL))
		target = str_of(p->why.text);
	else
		target = targets.items[0].end == ROUTE_DISCARD ? S("/dev/null")
							       : targets.items[0].address;
	target = arena_copy(&p->arena, target);
	router_drop(r);
	return target;
}

TEST(generation_comes_into_force_whole)
{
	struct place p;
	struct router *r;

	place_make(&p);
	CHECK(!generation_load(p.dir, &p.why));
	CHECK(str_ends(
		str_of(p.why.text), S("no generation is in force; facteur compile makes one")));
	CHECK(compile(&p));
	CHECK_STR(buf_str(&p.report.lines), S(""));
	CHECK(p.report.changed && p.report.generation == 1);
	CHECK_STR(place_read(&p, "current/facteur.conf"),
		place_read(&p, "generations/1/facteur.conf"));
	CHECK(place_has(&p, "generations/1/example.test.cdb"));
	CHECK(!place_has(&p, "generations/new"));
	r = generation_load(p.dir, &p.why);
	CHECK(r);
	CHECK_INT(router_conf(r)->generation, 1);
	CHECK_STR(router_conf(r)->dir, p.dir);
	CHECK_STR(router_conf(r)->relay_for.items[0].origin.file, S("conf.d/10-identity.conf"));
	CHECK_INT(router_conf(r)->relay_for.items[0].origin.line, 3);
	router_drop(r);
	CHECK_STR(first_target(&p, "info@example.test"), S("root@example.test"));
	place_end(&p);
}

TEST(generation_is_not_made_where_nothing_changed)
{
	struct place p;

	place_make(&p);
	CHECK(compile(&p));
	CHECK(compile(&p));
	CHECK(!p.report.changed && p.report.generation == 1);
	CHECK(!place_has(&p, "generations/2") && !place_has(&p, "generations/new"));
	place_write(&p, "conf.d/50-comment.txt", "no configuration");
	CHECK(compile(&p));
	CHECK(!p.report.changed);
	place_write(&p, "aliases/example.test.aliases", "postmaster: root\ninfo: /dev/null\n");
	CHECK_STR(first_target(&p, "info@example.test"), S("root@example.test"));
	CHECK(compile(&p));
	CHECK(p.report.changed && p.report.generation == 2);
	CHECK_STR(first_target(&p, "info@example.test"), S("/dev/null"));
	place_end(&p);
}

TEST(generation_in_force_does_not_see_half_edited_files)
{
	struct place p;

	place_make(&p);
	CHECK(compile(&p));
	place_write(&p, "conf.d/10-identity.conf", "hostname pivot.te");
	place_write(&p, "conf.d/30-domains.conf", "domain example.test { aliases aliases/exam");
	place_write(&p, "aliases/example.test.aliases", "info: somebody@e");
	CHECK_STR(first_target(&p, "info@example.test"), S("root@example.test"));
	CHECK(!compile(&p));
	CHECK_STR(buf_str(&p.report.lines),
		S("conf.d/30-domains.conf:1:21: this '{' is never closed\n"));
	CHECK(p.report.why.kind == FAIL_NONE);
	CHECK(!p.report.changed && p.report.generation == 1);
	CHECK_STR(first_target(&p, "info@example.test"), S("root@example.test"));
	CHECK(!place_has(&p, "generations/2") && !place_has(&p, "generations/new"));
	place_end(&p);
}

TEST(generation_check_tells_all_and_writes_nothing)
{
	struct place p;
	str want;

	place_make(&p);
	CHECK(generation_check(p.dir, &p.report));
	CHECK(!place_has(&p, "generations"));
	generation_report_free(&p.report);
	place_write(&p, "conf.d/10-identity.conf", IDENTITY "hostnam x\nqueue lifetime soon\n");
	place_write(&p, "conf.d/20-more.conf", "listen mx { on *:25; tls never }\n");
	CHECK(!generation_check(p.dir, &p.report));
	CHECK_STR(buf_str(&p.report.lines),
		S("conf.d/10-identity.conf:4:1: unknown word 'hostnam'; the nearest known word is "
		  "'hostname'\n"
		  "conf.d/10-identity.conf:5:16: 'lifetime' takes a time such as 90s, 5m or 1h30m, "
		  "from 0 to 365d, not 'soon'\n"
		  "conf.d/20-more.conf:1:26: 'tls' takes off, offered, required or implicit, not "
		  "'never'; the nearest known word is 'off'\n"));
	generation_report_free(&p.report);

	place_write(&p, "conf.d/10-identity.conf",
		IDENTITY "domain other.test { aliases none.aliases; virtual bad.virtual }\n"
			 "resolver { zone zone.txt }\n");
	place_write(&p, "conf.d/20-more.conf", "");
	place_write(&p, "bad.virtual", "jo@other.test\n");
	CHECK(!generation_check(p.dir, &p.report));
	want = arena_printf(&p.arena,
		"conf.d/10-identity.conf:4:29: %.*s/none.aliases: No such file or directory\n",
		STR(p.dir));
	CHECK(str_find_str(buf_str(&p.report.lines), want) < buf_str(&p.report.lines).n);
	CHECK(str_find_str(buf_str(&p.report.lines), S("bad.virtual:1:")) <
		buf_str(&p.report.lines).n);
	want = arena_printf(&p.arena,
		"conf.d/10-identity.conf:5:12: %.*s/zone.txt: No such file or directory\n",
		STR(p.dir));
	CHECK(str_find_str(buf_str(&p.report.lines), want) < buf_str(&p.report.lines).n);
	place_end(&p);
}

TEST(generation_refuses_what_makes_no_sense_as_a_whole)
{
	struct place p;

	place_make(&p);
	place_write(&p, "aliases/example.test.aliases", "postmaster: root\na: b\nb: a\n");
	CHECK(!compile(&p));
	CHECK(str_starts(buf_str(&p.report.lines), S("aliases/example.test.aliases:")));
	place_write(&p, "aliases/example.test.aliases", "postmaster: root\n");
	place_write(&p, "conf.d/20-more.conf", "relay-for 127.0.0.2 0.0.0.0/0\n");
	CHECK(!compile(&p));
	CHECK(str_starts(buf_str(&p.report.lines), S("conf.d/20-more.conf:1:21: ")));
	CHECK(!place_has(&p, "current"));
	place_end(&p);
}

TEST(generation_rolls_back_and_on_again)
{
	struct place p;

	place_make(&p);
	CHECK(!rollback(&p));
	CHECK(p.report.why.kind == FAIL_PERMANENT);
	CHECK(compile(&p));
	CHECK(!rollback(&p));
	CHECK_STR(str_of(p.report.why.text), S("there is no generation before 1"));
	place_write(&p, "aliases/example.test.aliases", "postmaster: root\ninfo: /dev/null\n");
	CHECK(compile(&p));
	CHECK(rollback(&p));
	CHECK(p.report.changed && p.report.generation == 1);
	CHECK_STR(first_target(&p, "info@example.test"), S("root@example.test"));
	CHECK(compile(&p)); /* conf.d is still what it was */
	CHECK(p.report.changed && p.report.generation == 3);
	CHECK_STR(first_target(&p, "info@example.test"), S("/dev/null"));
	CHECK(rollback(&p));
	CHECK(rollback(&p));
	CHECK_INT(p.report.generation, 1);
	place_end(&p);
}

TEST(generation_rollback_refuses_what_no_server_could_read)
{
	struct place p;

	place_make(&p);
	CHECK(compile(&p));
	place_write(&p, "conf.d/20-more.conf", "workers 3\n");
	CHECK(compile(&p));
	place_write(&p, "generations/1/example.test.cdb", "rotten");
	CHECK(!rollback(&p));
	CHECK_INT(p.report.generation, 2);
	CHECK_STR(first_target(&p, "info@example.test"), S("root@example.test"));
	place_end(&p);
}

TEST(generation_keeps_the_last_ones)
{
	struct place p;
	char text[40], name[40];

	place_make(&p);
	for (int i = 1; i <= GENERATION_KEPT + 3; i++) {
		snprintf(text, sizeof text, "workers %d\n", i);
		place_write(&p, "conf.d/20-more.conf", text);
		CHECK(compile(&p));
		CHECK_INT(p.report.generation, i);
		CHECK_STR(buf_str(&p.report.lines), S(""));
	}
	for (int i = 1; i <= GENERATION_KEPT + 3; i++) {
		snprintf(name, sizeof name, "generations/%d/facteur.conf", i);
		CHECK(place_has(&p, name) == (i > 3));
	}
	place_end(&p);
}

TEST(generation_survives_a_compile_that_died)
{
	struct place p;

	place_make(&p);
	CHECK(compile(&p));
	CHECK(file_make_folder(file_path(&p.arena, p.dir, S("generations/new")), 0755, &p.why));
	place_write(&p, "generations/new/facteur.conf", "half of i");
	place_write(&p, "conf.d/20-more.conf", "workers 3\n");
	CHECK(compile(&p));
	CHECK_INT(p.report.generation, 2);
	CHECK(!place_has(&p, "generations/new"));
	place_end(&p);
}

TEST(generation_is_made_by_one_at_a_time)
{
	struct place p;
	int lock;

	place_make(&p);
	CHECK(compile(&p));
	lock = file_lock(file_path(&p.arena, p.dir, S("generations/lock")), &p.why);
	CHECK(lock >= 0);
	CHECK(!compile(&p));
	CHECK(p.report.why.kind == FAIL_TEMPORARY);
	CHECK_INT(p.report.generation, 1);
	CHECK(!rollback(&p));
	file_unlock(lock);
	CHECK(compile(&p));
	place_end(&p);
}

static void say(struct place *p, const char *verb, bool json, int code, const char *want)
{
	struct buf out = { 0 };

	CHECK_INT(compile_command(str_of(verb), p->dir, json, &out), code);
	CHECK_STR(buf_str(&out), str_of(want));
	buf_free(&out);
}

TEST(generation_names_users_that_are_there)
{
	struct place p;

	place_make(&p);
	place_write(&p, "conf.d/20-more.conf",
		"user no-such-user\ntransport drop { maildir /tmp/drop; as no-such-user-either }\n"
		"mailbox ada@example.test {\n  maildir /tmp/ada; as mail\n}\n");
	say(&p, "check", false, 1,
		"warning: conf.d/20-more.conf:2:1: transport 'drop' is never used\n"
		"conf.d/20-more.conf:1:6: there is no user 'no-such-user'\n"
		"conf.d/20-more.conf:2:40: there is no user 'no-such-user-either'\n"
		"refused: 2 errors; no generation is in force\n");
	place_end(&p);
}

TEST(generation_from_memory_is_the_same)
{
	struct conf_source sources[] = {
		{S("a.conf"),  S(IDENTITY)},
                { S("b.conf"), S(DOMAIN)  }
	};
	struct conf_source files[] = {
		{S("aliases/example.test.aliases"),
                 S("postmaster: root\ninfo: root, jo@else.test, :include:more\n")},
		{ S("more"),                        S("al@else.test\n")          }
	};
	struct route_targets targets = { 0 };
	struct arena a;
	struct fail why = { 0 };
	struct router *r = generation_build_memory(S("/mem"), sources, 2, files, 2, &why);

	CHECK_STR(str_of(why.text), S(""));
	CHECK(r);
	arena_init(&a, ARENA_UNLIMITED);
	CHECK(route_expand(r, &a, S("info@example.test"), &targets, &why, NULL, NULL));
	CHECK_INT(targets.count, 3);
	arena_free(&a);
	router_drop(r);
	CHECK(!generation_build_memory(S("/mem"), sources, 2, files, 0, &why));
	CHECK_STR(str_of(why.text), S("b.conf:1:31: aliases/example.test.aliases: no such file"));
	CHECK(!generation_build_memory(S("/mem"), sources + 1, 1, files, 2, &why));
}

TEST(compile_command_tells_people_and_programs)
{
	struct place p;
	struct buf out = { 0 };

	place_make(&p);
	say(&p, "check", false, 0, "the configuration is right\n");
	say(&p, "compile", false, 0, "generation 1 is in force\n");
	say(&p, "compile", false, 0, "nothing has changed; generation 1 stays in force\n");
	say(&p, "rollback", false, 1,
		"there is no generation before 1\ngeneration 1 stays in force\n");
	place_write(&p, "conf.d/20-more.conf", "user\n");
	say(&p, "compile", false, 1,
		"conf.d/20-more.conf:1:1: 'user' takes a name of letters, digits, '.', '_' and "
		"'-', "
		"but nothing follows it\nrefused: 1 error; generation 1 stays in force\n");
	say(&p, "compile", true, 1,
		"{\n  \"ok\": false,\n  \"generation\": 1,\n  \"changed\": false,\n"
		"  \"messages\": [\n    {\n      \"kind\": \"error\",\n"
		"      \"place\": \"conf.d/20-more.conf:1:1\",\n"
		"      \"text\": \"'user' takes a name of letters, digits, '.', '_' and '-', but "
		"nothing follows it\"\n    }\n  ],\n"
		"  \"why\": \"refused: 1 error; generation 1 stays in force\"\n}\n");
	place_write(&p, "conf.d/20-more.conf", "user mail\n");
	say(&p, "compile", true, 0,
		"{\n  \"ok\": true,\n  \"generation\": 2,\n  \"changed\": true,\n"
		"  \"messages\": []\n}\n");
	say(&p, "rollback", false, 0, "generation 1 is in force\n");
	say(&p, "explode", false, 2, "");
	CHECK_INT(compile_command(S("check"), S("/nowhere/at/all"), false, &out), 1);
	CHECK(str_starts(buf_str(&out), S("/nowhere/at/all: ")));
	buf_free(&out);
	place_end(&p);
}
