/* What world/file promises, on real files in a folder of their own. */
#include "test/test.h"

#include <stdlib.h>
#include <unistd.h>

#include "world/file.h"

struct place {
	struct arena arena;
	str folder;
	struct fail why;
};

static void place_make(struct place *p)
{
	char name[] = "/tmp/facteur-file-XXXXXX";

	*p = (struct place){ 0 };
	arena_init(&p->arena, ARENA_UNLIMITED);
	CHECK(mkdtemp(name));
	p->folder = arena_copy(&p->arena, str_of(name));
}

static str place_path(struct place *p, str name)
{
	return file_path(&p->arena, p->folder, name);
}

static void place_end(struct place *p)
{
	CHECK(file_remove(p->folder, &p->why));
	arena_free(&p->arena);
}

TEST(file_replace_is_read_back)
{
	struct place p;
	str path, text;

	place_make(&p);
	path = place_path(&p, S("a"));
	CHECK(!file_exists(path));
	CHECK(!file_read(&p.arena, path, &text, &p.why));
	CHECK(str_starts(str_of(p.why.text), path));
	CHECK(file_replace(path, S("one\n"), 0644, &p.why));
	CHECK(file_replace(path, S("two\n"), 0600, &p.why));
	CHECK(file_read(&p.arena, path, &text, &p.why));
	CHECK_STR(text, S("two\n"));
	CHECK(file_exists(path));
	place_end(&p);
}

TEST(file_read_takes_regular_files_only)
{
	struct place p;
	str text;

	place_make(&p);
	CHECK(!file_read(&p.arena, p.folder, &text, &p.why));
	CHECK(!file_read(&p.arena, S("/dev/zero"), &text, &p.why));
	CHECK_STR(str_of(p.why.text), S("/dev/zero: not a file"));
	CHECK(!file_read(&p.arena, S(""), &text, &p.why));
	CHECK(!file_read(&p.arena, S("a\0b"), &text, &p.why));
	place_end(&p);
}

TEST(file_list_sorts_by_bytes)
{
	struct place p;
	str *names;
	size_t count;

	place_make(&p);
	for (int i = 0; i < 40; i++) {
		str name = arena_printf(&p.arena, "%02d", (i * 7) % 40);

		CHECK(file_replace(place_path(&p, name), S(""), 0600, &p.why));
	}
	CHECK(file_list(&p.arena, p.folder, &names, &count, &p.why));
	CHECK_INT(count, 40);
	for (size_t i = 1; i < count; i++)
		CHECK(str_compare(names[i - 1], names[i]) < 0);
	CHECK(!file_list(&p.arena, place_path(&p, S("none")), &names, &count, &p.why));
	place_end(&p);
}

TEST(file_link_switches_in_one_step)
{
	struct place p;
	str link, target, text;

	place_make(&p);
	link = place_path(&p, S("current"));
	CHECK(!file_link_read(&p.arena, link, &target, &p.why));
	CHECK(file_replace(place_path(&p, S("one")), S("1"), 0600, &p.why));
	CHECK(file_replace(place_path(&p, S("two")), S("2"), 0600, &p.why));
	CHECK(file_link(link, S("one"), &p.why));
	CHECK(file_link(link, S("two"), &p.why));
	CHECK(file_link_read(&p.arena, link, &target, &p.why));
	CHECK_STR(target, S("two"));
	CHECK(file_read(&p.arena, link, &text, &p.why));
	CHECK_STR(text, S("2"));
	CHECK(file_rename(place_path(&p, S("one")), place_path(&p, S("three")), &p.why));
	CHECK(!file_exists(place_path(&p, S("one"))));
	place_end(&p);
}

TEST(file_make_folder_makes_parents)
{
	struct place p;
	str deep;

	place_make(&p);
	deep = place_path(&p, S("a/b"));
	CHECK(file_make_folder(deep, 0755, &p.why));
	CHECK(file_make_folder(deep, 0755, &p.why));
	CHECK(file_replace(file_path(&p.arena, deep, S("x")), S(""), 0600, &p.why));
	CHECK(!file_make_folder(file_path(&p.arena, deep, S("x")), 0755, &p.why));
	CHECK(file_sync(deep, &p.why));
	CHECK(file_remove(deep, &p.why));
	CHECK(file_remove(place_path(&p, S("a")), &p.why));
	CHECK(!file_remove(place_path(&p, S("a")), &p.why));
	place_end(&p);
}

TEST(file_lock_has_one_holder)
{
	struct place p;
	str path;
	int lock;

	place_make(&p);
	path = place_path(&p, S("lock"));
	lock = file_lock(path, &p.why);
	CHECK(lock >= 0);
	CHECK_INT(file_lock(path, &p.why), -1);
	CHECK(p.why.kind == FAIL_TEMPORARY);
	file_unlock(lock);
	lock = file_lock(path, &p.why);
	CHECK(lock >= 0);
	file_unlock(lock);
	place_end(&p);
}

TEST(file_path_starts_in_the_folder)
{
	struct arena a;
	struct fail why;
	str path;

	arena_init(&a, ARENA_UNLIMITED);
	CHECK_STR(file_path(&a, S("/etc/facteur"), S("users")), S("/etc/facteur/users"));
	CHECK_STR(file_path(&a, S("/"), S("users")), S("/users"));
	CHECK_STR(file_path(&a, S("/etc/facteur"), S("/users")), S("/users"));
	CHECK(file_absolute(&a, S("/usr/../usr/./bin"), &path, &why));
	CHECK_STR(path, S("/usr/bin"));
	CHECK(!file_absolute(&a, S("/nowhere/at/all"), &path, &why));
	arena_free(&a);
}
