#include "sender/dataset.h"

#include <stdarg.h>
#include <stdio.h>

bool dataset_next(struct dataset *d, struct dataset_row *row)
{
	str line, text;

	while (d->rest.n > 0) {
		str_cut(&d->rest, '\n', &line);
		d->line++;
		text = str_trim(str_first(line, str_find(line, '#')));
		if (!str_word(&text, &row->key))
			continue;
		row->value = str_trim(text);
		row->line = d->line;
		row->column = row->value.n > 0 ? (unsigned)(row->value.p - line.p) + 1 : 1;
		return true;
	}
	return false;
}

bool dataset_wrong(
	const struct dataset *d, unsigned column, struct fail *why, const char *format, ...)
{
	char text[FAIL_TEXT_MAX];
	va_list values;

	va_start(values, format);
	vsnprintf(text, sizeof text, format, values);
	va_end(values);
	return fail_with(why, FAIL_PERMANENT, "5.3.5", "%.*s:%u:%u: %s", STR(d->file), d->line,
		column, text);
}
