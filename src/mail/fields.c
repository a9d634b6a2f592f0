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
