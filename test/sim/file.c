#include "test/sim/files.h"
#include "world/file.h"

/* The configuration and its tables come from memory in the simulated world; the files of
 * test/sim/files are there, and those of logins always are: of our users, and our own at a
 * smarthost. */
static const str logins_path = STR_INIT("/conf/users"), hub_path = STR_INIT("/conf/hub");

/* The password is "a secret word". */
static const char logins[] = "app:{SCRAM-SHA-256}4096,AAECAwQFBgcICQoLDA0ODw==,"
			     "DmOFrUD8k2uiB6txwWaLip4/KoMK26Mw9WVA2kiB4cs=,"
			     "1vawVDWc11NaZw4TN4gNGN42iBrigUZrwUGv/n9eC/4=\n";

str file_path(struct arena *a, str folder, str path)
{
	if (str_starts(path, S("/")))
		return arena_copy(a, path);
	return arena_printf(a, "%.*s/%.*s", STR(folder), STR(path));
}

struct file_stamp file_stamp(str path)
{
	(void)path;
	return (struct file_stamp){ 0 };
}

bool file_stamp_eq(const struct file_stamp *a, const struct file_stamp *b)
{
	return a->device == b->device && a->inode == b->inode && a->octets == b->octets &&
	       a->seconds == b->seconds && a->nanoseconds == b->nanoseconds;
}

bool file_read(struct arena *a, str path, str *text, struct fail *why)
{
	if (str_eq(path, logins_path)) {
		*text = arena_copy(a, str_of(logins));
		return true;
	}
	if (str_eq(path, hub_path)) {
		*text = S("* app:a secret word\n");
		return true;
	}
	if (files_get(path, text)) {
		*text = arena_copy(a, *text);
		return true;
	}
	return fail_with(why, FAIL_PERMANENT, "5.3.0", "%.*s: there are no files here", STR(path));
}

bool file_exists(str path)
{
	str text;

	return files_get(path, &text);
}

bool file_replace(str path, str text, unsigned mode, struct fail *why)
{
	(void)mode;
	(void)why;
	files_put(path, text);
	return true;
}
