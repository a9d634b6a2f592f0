#include "base/mem.h"

str mem_copy(str s)
{
	char *p = mem_alloc(s.n);

	if (s.n > 0)
		memcpy(p, s.p, s.n);
	return (str){ p, s.n };
}
