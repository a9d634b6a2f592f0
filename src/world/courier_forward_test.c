/* Which .forward is followed: a folder of our own stands for the home. */
#include "world/courier_forward.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test/test.h"

static char home[64];
static struct buf text;

static void begin(void)
{
	str_to_c(S("/tmp/facteur-home-XXXXXX"), home, sizeof home);
	assert_non_null(mkdtemp(home));
}

static void finish(void)
{
	char command[128];

	buf_free(&text);
	snprintf(command, sizeof command, "rm -rf '%s'", home);
	assert_int_equal(system(command), 0);
}

static void put(const char *name, const char *what, mode_t mode)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", home, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(what, f);
	fclose(f);
	assert_int_equal(chmod(path, mode), 0);
}

static enum courier_found look(const char *extension)
{
	enum courier_found found;
	struct fail why = { 0 };

	buf_clear(&text);
	assert_true(courier_forward_look_in(home, str_of(extension), &found, &text, &why));
	return found;
}

TEST(courier_forward_takes_the_file_of_the_extension_first)
{
	begin();
	CHECK_INT(look(""), COURIER_NONE);
	CHECK_INT(look("list"), COURIER_NONE);
	put(".forward", "a@x.test\n", 0644);
	CHECK_INT(look("list"), COURIER_FILE);
	CHECK_STR(buf_str(&text), S("a@x.test\n"));
	put(".forward+list", "b@x.test\n", 0600);
	CHECK_INT(look("list"), COURIER_FILE);
	CHECK_STR(buf_str(&text), S("b@x.test\n"));
	CHECK_INT(look(""), COURIER_FILE);
	CHECK_STR(buf_str(&text), S("a@x.test\n"));
	finish();
}

static void says(const char *what)
{
	CHECK_INT(look(""), COURIER_UNFIT);
	CHECK(str_find_str(buf_str(&text), str_of(what)) < buf_str(&text).n);
}

TEST(courier_forward_follows_only_what_is_the_users_own)
{
	char path[128], other[128], big[1024];

	begin();
	snprintf(path, sizeof path, "%s/.forward", home);
	snprintf(other, sizeof other, "%s/other", home);
	put(".forward", "a@x.test\n", 0666);
	says("everybody may write it");
	put(".forward", "a@x.test\n", 0664);
	CHECK_INT(look(""), COURIER_FILE);
	unlink(path);
	put("other", "a@x.test\n", 0600);
	assert_int_equal(symlink(other, path), 0);
	says("no regular file");
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0); /* nobody will ever write into it */
	says("no regular file");
	unlink(path);
	memset(big, 'x', sizeof big);
	big[sizeof big - 1] = '\0';
	put(".forward", "", 0600);
	for (int i = 0; i < 33; i++) {
		FILE *f = fopen(path, "a");

		assert_non_null(f);
		fputs(big, f);
		fclose(f);
	}
	says("too large");
	if (geteuid() == 0) {
		put(".forward", "a@x.test\n", 0644);
		assert_int_equal(chown(path, 65534, 65534), 0);
		says("belongs to somebody else");
	}
	finish();
}

TEST(courier_forward_has_no_home)
{
	begin();
	finish();
	CHECK_INT(look("x"), COURIER_NONE);
	buf_free(&text);
}
