/*
 * Prints facteur.conf(5): its source with the line ".\" VOCABULARY" replaced by what the schema
 * says.  Run by the build.
 */
#include <stdio.h>

#include "base/buf.h"
#include "conf/conf.h"
#include "world/file.h"

int main(int argc, char **argv)
{
	struct arena arena;
	struct buf page = { 0 };
	struct fail why;
	str source, line;
	bool told = false;

	arena_init(&arena, ARENA_UNLIMITED);
	if (argc != 2 || !file_read(&arena, str_of(argv[1]), &source, &why)) {
		fprintf(stderr, "usage: manual facteur.conf.5.in > facteur.conf.5\n");
		return 2;
	}
	while (source.n > 0) {
		str_cut(&source, '\n', &line);
		if (str_eq(line, S(".\\\" VOCABULARY"))) {
			conf_manual(&page);
			told = true;
			continue;
		}
		buf_put(&page, line);
		buf_put_char(&page, '\n');
	}
	fwrite(buf_str(&page).p, 1, buf_str(&page).n, stdout);
	buf_free(&page);
	arena_free(&arena);
	return told && fflush(stdout) == 0 ? 0 : 1;
}
