#include "mail/encoder.h"

#include <assert.h>

#include "base/base64.h"

#define COLUMN_MAX 75 /* and one for the "=" of a soft line break */

void encoder_init(struct encoder *e, bool base64, struct buf *to)
{
	*e = (struct encoder){ .base64 = base64, .to = to };
}

static void put(struct encoder *e, str s)
{
	if (e->to)
		buf_put(e->to, s);
	e->octets += s.n;
	e->column += s.n;
}

static void new_line(struct encoder *e, str how)
{
	put(e, how);
	e->column = 0;
}

/* --- base64 --------------------------------------------------------------------------------- */

static void put_base64_line(struct encoder *e)
{
	if (e->octets > 0)
		new_line(e, S("\r\n"));
	if (e->to && !base64_encode(str_from(e->held, e->held_n), e->to))
		assert(false); /* to has no limit */
	e->octets += (e->held_n + 2) / 3 * 4;
	e->held_n = 0;
}

static void base64_text(struct encoder *e, str text)
{
	while (text.n > 0) {
		str part = str_first(text, sizeof e->held - e->held_n);

		memcpy(e->held + e->held_n, part.p, part.n);
		e->held_n += part.n;
		text = str_skip(text, part.n);
		if (e->held_n == sizeof e->held)
			put_base64_line(e);
	}
}

/* --- quoted-printable ----------------------------------------------------------------------- */

static void put_quoted(struct encoder *e, char c, bool literal)
{
	static const char hex[] = "0123456789ABCDEF";
	unsigned char byte = (unsigned char)c;

	if (e->column + (literal ? 1 : 3) > COLUMN_MAX)
		new_line(e, S("=\r\n"));
	if (literal && !(c == '-' && e->column == 0))
		put(e, (str){ &c, 1 });
	else
		put(e, (str){
			       (char[]){'=', hex[byte >> 4], hex[byte & 15]},
                               3
                });
}

/* A blank at the end of a line would not survive: there it is quoted. */
static void put_held(struct encoder *e, bool literal)
{
	if (e->held_n > 0)
		put_quoted(e, e->held[0], literal);
	e->held_n = 0;
}

static void quoted_text(struct encoder *e, str text)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		put_held(e, true);
		if (c == ' ' || c == '\t')
			e->held[e->held_n++] = c;
		else
			put_quoted(e, c, c > ' ' && c < 0x7f && c != '=');
	}
}

/* --- both ----------------------------------------------------------------------------------- */

void encoder_text(struct encoder *e, str text)
{
	if (e->base64)
		base64_text(e, text);
	else
		quoted_text(e, text);
}

void encoder_line_end(struct encoder *e)
{
	if (e->base64) {
		base64_text(e, S("\r\n"));
		return;
	}
	put_held(e, false);
	new_line(e, S("\r\n"));
}

void encoder_end(struct encoder *e)
{
	if (!e->base64)
		put_held(e, false);
	else if (e->held_n > 0)
		put_base64_line(e);
}
