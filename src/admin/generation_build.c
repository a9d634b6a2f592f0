#include "admin/assemble.h"
#include "admin/generation.h"
#include "world/file.h"

struct memory_files {
	const struct conf_source *items;
	size_t count;
	str dir;
};

/* By the name as it is written, or with the folder in front of it. */
static bool read_memory(void *owner, struct arena *a, str path, str *text, struct fail *why)
{
	const struct memory_files *files = owner;

	for (size_t i = 0; i < files->count; i++) {
		if (!str_eq(files->items[i].name, path) &&
			!str_eq(file_path(a, files->dir, files->items[i].name), path))
			continue;
		*text = arena_copy(a, files->items[i].text);
		return true;
	}
	return fail_with(why, FAIL_PERMANENT, "5.3.5", "%.*s: no such file", STR(path));
}

struct router *generation_build_memory(str dir, const struct conf_source *sources, size_t count,
	const struct conf_source *files, size_t file_count, struct fail *why)
{
	struct memory_files memory = { files, file_count, dir };
	struct buf report = { 0 };
	struct assembly made;
	str rest, line;

	if (!assemble(dir, sources, count, read_memory, &memory, &report, &made)) {
		rest = buf_str(&report);
		do
			str_cut(&rest, '\n', &line);
		while (str_starts(line, S("warning:")) && rest.n > 0);
		fail_with(why, FAIL_PERMANENT, "5.3.5", "%.*s", STR(line));
	}
	buf_free(&report);
	return made.router;
}
