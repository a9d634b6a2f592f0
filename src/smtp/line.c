#include "smtp/line.h"

enum scan smtp_line_take(str *input, size_t line_max, str *line, struct fail *why)
{
	size_t text_max = line_max - 2;

	for (size_t i = 0; i < input->n && i <= text_max; i++) {
		char c = input->p[i];

		if (c != '\r' && c != '\n')
			continue;
		if (c == '\r' && i + 1 == input->n)
			return SCAN_MORE;
		if (c == '\n' || input->p[i + 1] != '\n') {
			fail_reply(why, 500, "5.5.2", "Bare CR or LF in a command");
			return SCAN_BAD;
		}
		*line = str_first(*input, i);
		*input = str_skip(*input, i + 2);
		return SCAN_DONE;
	}
	if (input->n <= text_max)
		return SCAN_MORE;
	fail_reply(why, 500, "5.5.2", "Line too long");
	return SCAN_BAD;
}

enum scan smtp_line_take_lax(str *input, size_t line_max, str *line, struct fail *why)
{
	size_t end = str_find(*input, '\n');
	str text = str_first(*input, end);

	if (end == input->n && end < line_max)
		return SCAN_MORE;
	if (str_ends(text, S("\r")))
		text = str_first(text, text.n - 1);
	if (end == input->n || text.n + 2 > line_max) {
		fail_reply(why, 500, "5.5.2", "Line too long");
		return SCAN_BAD;
	}
	if (str_has(text, '\r')) {
		fail_reply(why, 500, "5.5.2", "Bare CR in a command");
		return SCAN_BAD;
	}
	*line = text;
	*input = str_skip(*input, end + 1);
	return SCAN_DONE;
}

bool smtp_line_skip(str *input, bool *after_cr)
{
	while (input->n > 0) {
		size_t at;

		if (*after_cr && input->p[0] == '\n') {
			*after_cr = false;
			*input = str_skip(*input, 1);
			return true;
		}
		at = str_find(*input, '\r');
		*after_cr = at < input->n;
		*input = str_skip(*input, at + 1);
	}
	return false;
}
