/* Files of one directory, on the real disk. */
#include "test/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "world/disk.h"

static char folder[64];

static struct disk *open_new(void)
{
	struct fail why;
	struct disk *d;
	char at[80];

	str_to_c(S("/tmp/facteur-disk-XXXXXX"), folder, sizeof folder);
	CHECK(mkdtemp(folder) != NULL);
	snprintf(at, sizeof at, "%s/spool", folder);
	d = disk_open(str_of(at), &why);
	CHECK(d != NULL);
	return d;
}

static void close_all(struct disk *d)
{
	char command[128];

	disk_close(d);
	snprintf(command, sizeof command, "rm -rf '%s'", folder);
	CHECK(system(command) == 0);
}

TEST(disk_makes_its_directory_private)
{
	struct disk *d = open_new();
	char at[80];
	struct stat st;
	struct fail why;

	snprintf(at, sizeof at, "%s/spool", folder);
	CHECK(stat(at, &st) == 0 && (st.st_mode & 07777) == 0700);
	CHECK(!disk_open(S("/nonexistent/a/b"), &why));
	CHECK(why.kind == FAIL_TEMPORARY && why.text[0]);
	close_all(d);
}

TEST(disk_reads_what_it_wrote_in_parts)
{
	struct disk *d = open_new();
	struct fail why;
	struct disk_file *f = disk_create(d, S("a.log"), &why);
	str parts[200];
	char back[1000];
	size_t n;

	CHECK(f);
	for (size_t i = 0; i < LENGTH(parts); i++)
		parts[i] = i % 3 == 0 ? S("") : i % 3 == 1 ? S("ab") : S("xyz");
	CHECK(disk_write(f, 5, parts, LENGTH(parts), &why));
	CHECK(disk_write(f, 0, parts, 0, &why));
	CHECK(disk_sync(f, &why) && disk_sync_names(d, &why));
	CHECK_INT(disk_size(f), 5 + 67 * 2 + 66 * 3);
	CHECK(disk_read(f, 5, back, 10, &n, &why));
	CHECK_STR(str_from(back, n), S("abxyzabxyz"));
	CHECK(disk_read(f, 0, back, sizeof back, &n, &why) && n == 5 + 67 * 2 + 66 * 3);
	CHECK(back[0] == '\0');
	CHECK(disk_read(f, 5000, back, sizeof back, &n, &why) && n == 0);
	CHECK(!disk_create(d, S("a.log"), &why));
	disk_close_file(f);
	close_all(d);
}

TEST(disk_reserves_zeros_and_truncates)
{
	struct disk *d = open_new();
	struct fail why;
	struct disk_file *f = disk_create(d, S("a"), &why);
	str part = S("hello");
	char back[16];
	size_t n;

	CHECK(disk_write(f, 0, &part, 1, &why));
	CHECK(disk_reserve(f, 100000, &why));
	CHECK_INT(disk_size(f), 100000);
	CHECK(disk_reserve(f, 10, &why)); /* never shrinks */
	CHECK_INT(disk_size(f), 100000);
	CHECK(disk_read(f, 4, back, 2, &n, &why) && n == 2 && back[0] == 'o' && back[1] == '\0');
	CHECK(!disk_reserve(f, (uint64_t)1 << 60, &why));
	CHECK_INT(disk_size(f), 100000); /* nothing has changed */
	CHECK(disk_truncate(f, 3, &why));
	CHECK_INT(disk_size(f), 3);
	disk_close_file(f);
	close_all(d);
}

TEST(disk_tells_a_full_disk_from_other_troubles)
{
	struct fail why;
	struct disk *d = disk_open(S("/dev"), &why);
	struct disk_file *f = disk_open_file(d, S("full"), &why);
	str part = S("x");

	CHECK(f);
	CHECK(!disk_write(f, 0, &part, 1, &why));
	CHECK_STR(str_of(why.status), S("4.3.1"));
	CHECK(!disk_open_file(d, S("no-such-file"), &why));
	CHECK_STR(str_of(why.status), S("4.3.0"));
	disk_close_file(f);
	disk_close(d);
}

TEST(disk_refuses_names_that_lead_out)
{
	static const str bad[] = {
		STR_INIT(""), STR_INIT(".."), STR_INIT("../a"), STR_INIT("/a"), STR_INIT("a/../b"),
		STR_INIT("a//b"), STR_INIT("a/"), STR_INIT("."), {"a\0b", 3}
	};
	struct disk *d = open_new();
	struct fail why;

	for (size_t i = 0; i < LENGTH(bad); i++) {
		CHECK(!disk_create(d, bad[i], &why));
		CHECK(!disk_remove(d, bad[i], &why));
		CHECK(!disk_rename(d, bad[i], S("x"), &why));
		CHECK(!disk_rename(d, S("x"), bad[i], &why));
		CHECK(!disk_lock(d, bad[i], &why));
	}
	close_all(d);
}

TEST(disk_lists_names_in_order)
{
	static const str made[] = { STR_INIT("b"), STR_INIT("a"), STR_INIT("ab"), STR_INIT("c") };
	static const str want[] = { STR_INIT("a"), STR_INIT("ab"), STR_INIT("b"), STR_INIT("d") };
	struct disk *d = open_new();
	struct fail why;
	struct arena a;
	str *names;
	size_t count;

	arena_init(&a, ARENA_UNLIMITED);
	CHECK(disk_list(d, &a, &names, &count, &why) && count == 0);
	for (size_t i = 0; i < LENGTH(made); i++)
		disk_close_file(disk_create(d, made[i], &why));
	CHECK(disk_rename(d, S("c"), S("d"), &why));
	CHECK(disk_list(d, &a, &names, &count, &why) && count == 4);
	for (size_t i = 0; i < count; i++)
		CHECK_STR(names[i], want[i]);
	CHECK(disk_remove(d, S("b"), &why) && !disk_remove(d, S("b"), &why));
	arena_free(&a);
	arena_init(&a, 20); /* too small */
	CHECK(!disk_list(d, &a, &names, &count, &why));
	arena_free(&a);
	CHECK(disk_free_octets(d) > 0);
	close_all(d);
}

TEST(disk_lock_is_for_one)
{
	struct disk *first = open_new(), *second;
	char at[80], pid[24];
	struct fail why;

	snprintf(at, sizeof at, "%s/spool", folder);
	second = disk_open(str_of(at), &why);
	CHECK(disk_lock(first, S("lock"), &why));
	CHECK(!disk_lock(second, S("lock"), &why));
	snprintf(pid, sizeof pid, "(%d)", (int)getpid());
	CHECK(strstr(why.text, pid) != NULL);
	disk_close(first);
	CHECK(disk_lock(second, S("lock"), &why));
	close_all(second);
}
