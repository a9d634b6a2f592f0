#include "mail/fields.h"

#include "mail/mime.h"

static void give(struct fields *f, bool ends, struct fields_piece *piece)
{
	*piece = (struct fields_piece){
		.bytes = buf_str(&f->held), .begins = !f->within, .ends = ends
	};
	f->within = !ends;
	f->given = true;
}

bool fields_next(struct fields *f, str *bytes, struct fields_piece *piece)
{
	if (f->given)
		buf_clear(&f->held);
	f->given = false;
	while (bytes->n > 0) {
		size_t held = buf_str(&f->held).n;
		bool folded = bytes->p[0] == ' ' || bytes->p[0] == '\t';
		str line = str_first(*bytes, str_find(*bytes, '\n') + 1);

		if (f->line_over && !folded && (held > 0 || f->within)) {
			give(f, true, piece);
			return true;
		}
		if (held == FIELDS_OCTETS_MAX) {
			give(f, false, piece);
			return true;
		}
		line = str_first(line, FIELDS_OCTETS_MAX - held);
		buf_put(&f->held, line);
		*bytes = str_skip(*bytes, line.n);
		f->line_over = str_ends(line, S("\n"));
	}
	return false;
}

bool fields_end(struct fields *f, struct fields_piece *piece)
{
	if (f->given)
		buf_clear(&f->held);
	f->given = false;
	if (buf_str(&f->held).n == 0 && !f->within)
		return false;
	give(f, true, piece);
	return true;
}

void fields_free(struct fields *f)
{
	buf_free(&f->held);
	*f = (struct fields){ 0 };
}

void fields_split(str field, str *name, str *value)
{
	size_t octets = 0;

	if (mime_field(field, name, &octets) != SCAN_DONE)
		*name = S("");
	*value = str_skip(field, octets);
}

/* Where a line that is too long is broken. */
static size_t break_of(str line)
{
	size_t cut = FIELDS_LINE_MAX - 1; /* one for the blank that may come in front */

	while (cut > 1 && line.p[cut] != ' ' && line.p[cut] != '\t')
		cut--;
	if (cut > 1)
		return cut;
	cut = FIELDS_LINE_MAX - 1;
	while (cut > 1 && (line.p[cut] & 0xc0) == 0x80) /* not inside a character */
		cut--;
	return cut;
}

static void put_line(str line, struct buf *to)
{
	while (line.n > FIELDS_LINE_MAX - 1) {
		size_t cut = break_of(line);

		buf_put(to, str_first(line, cut));
		line = str_skip(line, cut);
		buf_put(to, line.p[0] == ' ' || line.p[0] == '\t' ? S("\r\n") : S("\r\n "));
	}
	buf_put(to, line);
	buf_put(to, S("\r\n"));
}

void fields_put(str field, struct buf *to)
{
	str line;

	while (field.n > 0) {
		(void)str_cut(&field, '\n', &line);
		put_line(str_ends(line, S("\r")) ? str_first(line, line.n - 1) : line, to);
	}
}
