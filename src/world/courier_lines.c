#include "world/courier_lines.h"

void courier_lines_put(struct courier_lines *l, str bytes, struct buf *to)
{
	while (bytes.n > 0) {
		size_t n = str_find(bytes, '\r');

		if (l->cr && bytes.p[0] != '\n')
			buf_put_char(to, '\r'); /* it was not a line's end */
		l->cr = n < bytes.n;
		buf_put(to, str_first(bytes, n));
		bytes = str_skip(bytes, n + 1);
	}
}

void courier_lines_end(struct courier_lines *l, struct buf *to)
{
	if (l->cr)
		buf_put_char(to, '\r');
	l->cr = false;
}
