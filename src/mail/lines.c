#include "mail/lines.h"

static void end_line(struct lines *l, struct lines_piece *piece)
{
	*piece = (struct lines_piece){
		.text = str_from(l->start, l->start_n), .begins = !l->in_rest, .ends = true
	};
	l->start_n = 0;
	l->in_rest = l->cr = false;
}

enum scan lines_take(struct lines *l, str *bytes, struct lines_piece *piece)
{
	while (bytes->n > 0) {
		str text = str_first(*bytes, str_find(*bytes, '\n'));

		text = str_first(text, str_find(text, '\r'));
		if (!l->in_rest)
			text = str_first(text, LINES_START_MAX - l->start_n);
		if (l->cr || text.n == 0) {
			char wanted = l->cr ? '\n' : '\r';
			bool good = bytes->p[0] == wanted;

			*bytes = str_skip(*bytes, 1);
			if (!good)
				return SCAN_BAD;
			if (wanted == '\n') {
				end_line(l, piece);
				return SCAN_DONE;
			}
			l->cr = true;
			continue;
		}
		*bytes = str_skip(*bytes, text.n);
		if (l->in_rest) {
			*piece = (struct lines_piece){ .text = text };
			return SCAN_DONE;
		}
		memcpy(l->start + l->start_n, text.p, text.n);
		l->start_n += text.n;
		if (l->start_n == LINES_START_MAX) {
			*piece = (struct lines_piece){ .text = str_from(l->start, l->start_n),
				.begins = true };
			l->start_n = 0;
			l->in_rest = true;
			return SCAN_DONE;
		}
	}
	return SCAN_MORE;
}

bool lines_between(const struct lines *l)
{
	return l->start_n == 0 && !l->in_rest && !l->cr;
}
