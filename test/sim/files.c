#include "test/sim/files.h"

#include <assert.h>

#include "test/sim/sim.h"

static struct {
	str path, text;
} files[FILES_MAX];
static size_t count;

void files_open(void)
{
	count = 0;
}

static str kept(str s)
{
	char *p = sim_alloc(s.n + 1);

	if (s.n > 0)
		memcpy(p, s.p, s.n);
	return (str){ p, s.n };
}

void files_put(str path, str text)
{
	size_t i = 0;

	while (i < count && !str_eq(files[i].path, path))
		i++;
	if (i == count) {
		assert(count < FILES_MAX);
		files[count++].path = kept(path);
	}
	files[i].text = kept(text);
}

bool files_get(str path, str *text)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(files[i].path, path)) {
			*text = files[i].text;
			return true;
		}
	return false;
}
