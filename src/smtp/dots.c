#include "smtp/dots.h"

void smtp_dots_init(struct smtp_dots *d, bool doubled)
{
	*d = (struct smtp_dots){ .doubled = doubled };
}

static void line_ends(struct smtp_dots *d)
{
	d->in_line = d->after_nul = d->cr = false;
}

/* The start of a line is at rest.p[0]: is there a dot?  False: there is one behind NULs. */
static bool start_line(struct smtp_dots *d, str rest, bool *dot)
{
	size_t nuls = 0;

	while (nuls < rest.n && rest.p[nuls] == '\0')
		nuls++;
	d->after_nul |= nuls > 0;
	d->in_line = nuls < rest.n;
	*dot = d->in_line && rest.p[nuls] == '.';
	return !(*dot && d->after_nul);
}

/* From i to behind the next CRLF, or to the end of s.  False: a bare CR or LF.  (This is the loop
 * that every byte of every message goes through, so it asks memchr itself.) */
static bool skip_line(struct smtp_dots *d, str s, size_t *i)
{
	const char *from = s.p + *i, *end = s.p + s.n;
	const char *lf = memchr(from, '\n', (size_t)(end - from));
	const char *cr = memchr(from, '\r', (size_t)((lf ? lf : end) - from));

	if (lf) {
		*i = (size_t)(lf + 1 - s.p);
		line_ends(d);
		return cr && cr + 1 == lf;
	}
	*i = s.n;
	d->cr = cr;
	return !cr || cr + 1 == end;
}

bool smtp_dots_add(struct smtp_dots *d, str bytes, struct buf *to)
{
	size_t done = 0, i = 0; /* passed on; looked at */

	if (d->cr && bytes.n > 0) {
		if (bytes.p[0] != '\n')
			return false;
		line_ends(d);
		buf_put(to, S("\r"));
		i = 1;
	}
	while (i < bytes.n) {
		bool dot = false;

		if (!d->in_line && !start_line(d, str_skip(bytes, i), &dot))
			return false;
		if (dot && d->doubled) {
			buf_put(to, str_skip(str_first(bytes, i), done));
			buf_put(to, S("."));
			done = i;
		}
		if (!skip_line(d, bytes, &i))
			return false;
	}
	if (bytes.n > 0)
		buf_put(to, str_skip(str_first(bytes, d->cr ? bytes.n - 1 : bytes.n), done));
	return true;
}

bool smtp_dots_whole(const struct smtp_dots *d)
{
	return !d->in_line && !d->after_nul && !d->cr;
}
