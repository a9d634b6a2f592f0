#include "world/file.h"

/* The configuration and its tables come from memory in the simulated world: of this room only what
 * needs no kernel is asked for. */
str file_path(struct arena *a, str folder, str path)
{
	if (str_starts(path, S("/")))
		return arena_copy(a, path);
	return arena_printf(a, "%.*s/%.*s", STR(folder), STR(path));
}
