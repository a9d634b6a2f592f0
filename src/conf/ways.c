#include "conf/ways.h"

const struct conf_alias_file *conf_ways_alias_file(const struct conf_alias_files *files, str file)
{
	for (size_t i = 0; i < files->count; i++)
		if (str_eq(files->items[i].file, file))
			return &files->items[i];
	return NULL;
}
