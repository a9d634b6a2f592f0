#include "smtp/data.h"

static const struct {
	int code;
	const char *status, *text;
} verdicts[] = {
	[SMTP_DATA_SOUND] = {250,  "2.0.0", ""					       },
	[SMTP_DATA_BARE] = { 550, "5.6.0", "Bare CR or LF in the message; lines end in CRLF"},
	[SMTP_DATA_NUL] = { 550, "5.6.0", "NUL in the message"                             },
	[SMTP_DATA_LONG] = { 552, "5.6.0", "Line too long in the message"                   },
	[SMTP_DATA_TOO_MUCH] = { 552, "5.3.4", "Message too large"                              },
	[SMTP_DATA_OPEN] = { 550, "5.6.0", "The message does not end in CRLF"               },
};

void smtp_data_init(struct smtp_data *d)
{
	d->fault = SMTP_DATA_SOUND;
	d->octets = 0;
	d->line_octets = 0;
	d->after_crlf = true;
	d->at = SMTP_DATA_AT_LINE;
}

static void start_line(struct smtp_data *d, bool after_crlf)
{
	d->at = SMTP_DATA_AT_LINE;
	d->after_crlf = after_crlf;
	d->line_octets = 0;
}

/* --- at fault: look for the end only ---------------------------------------------------------- */

/* Where the next byte of a message at fault leads, the end apart. */
static void swallow_byte(struct smtp_data *d, char c)
{
	if (d->at == SMTP_DATA_AT_LINE && c == '.' && d->dots)
		d->at = SMTP_DATA_AT_DOT;
	else if ((d->at == SMTP_DATA_AT_CR || d->at == SMTP_DATA_AT_DOT_CR) && c == '\n')
		start_line(d, true);
	else if (c == '\r')
		d->at = d->at == SMTP_DATA_AT_DOT ? SMTP_DATA_AT_DOT_CR : SMTP_DATA_AT_CR;
	else
		d->at = SMTP_DATA_IN_LINE;
}

static enum scan swallow(struct smtp_data *d, str *input)
{
	while (input->n > 0) {
		bool over = d->at == SMTP_DATA_AT_DOT_CR && d->after_crlf && input->p[0] == '\n';

		if (d->at == SMTP_DATA_IN_LINE) {
			*input = str_skip(*input, str_find(*input, '\r'));
			if (input->n == 0)
				break;
		}
		swallow_byte(d, input->p[0]);
		*input = str_skip(*input, 1);
		if (over)
			return SCAN_DONE;
	}
	return SCAN_MORE;
}

/* --- sound: pass on --------------------------------------------------------------------------- */

/* Take whole lines, as many as there are, up to the first thing that needs more than to be passed
 * on: a dot at the start of a line, a line end that is cut or bare.  That may be at once. */
static str take_lines(struct smtp_data *d, str *input)
{
	size_t text_max = d->line_octets_max - 2;
	const char *start = input->p, *end = start + input->n, *p = start;

	while (p < end && !(d->at == SMTP_DATA_AT_LINE && d->dots && *p == '.')) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));
		const char *stop = lf ? lf : end;
		const char *cr = memchr(p, '\r', (size_t)(stop - p));
		const char *text_end = cr ? cr : stop;

		d->at = SMTP_DATA_IN_LINE;
		if ((size_t)(text_end - p) > text_max - d->line_octets) {
			p += text_max - d->line_octets;
			d->fault = SMTP_DATA_LONG;
			break;
		}
		d->line_octets += (size_t)(text_end - p);
		p = text_end;
		if (!cr || cr + 1 != lf)
			break;
		p = lf + 1;
		start_line(d, true);
	}
	*input = str_skip(*input, (size_t)(p - start));
	return str_from(start, (size_t)(p - start));
}

static enum scan bare(struct smtp_data *d)
{
	d->fault = SMTP_DATA_BARE;
	return SCAN_MORE;
}

/* Take a byte that needs more than to be passed on: a dot at the start of a line, a line end that
 * is cut or bare, or what follows them.  At fault, the byte is left for swallow. */
static enum scan take_byte(struct smtp_data *d, str *input, str *piece)
{
	char c = input->p[0];

	switch (d->at) {
	case SMTP_DATA_AT_LINE:
		d->at = SMTP_DATA_AT_DOT;
		break;
	case SMTP_DATA_IN_LINE:
		if (c == '\r') {
			d->at = SMTP_DATA_AT_CR;
			break;
		}
		if (!d->repair)
			return bare(d);
		*piece = S("\r\n");
		start_line(d, false);
		break;
	case SMTP_DATA_AT_CR:
		if (c != '\n')
			return bare(d);
		*piece = S("\r\n");
		start_line(d, true);
		break;
	case SMTP_DATA_AT_DOT:
		if (c == '\n')
			return bare(d);
		d->at = c == '\r' ? SMTP_DATA_AT_DOT_CR : SMTP_DATA_IN_LINE;
		if (c != '\r')
			return SCAN_MORE; /* the dot is dropped */
		break;
	case SMTP_DATA_AT_DOT_CR:
		if (c != '\n' || !d->after_crlf)
			return bare(d);
		*input = str_skip(*input, 1);
		return SCAN_DONE;
	}
	*input = str_skip(*input, 1);
	return SCAN_MORE;
}

/* A piece may reach behind the first NUL or the limit: cut it there, and that comes first. */
static void judge(struct smtp_data *d, str *piece)
{
	size_t nul = str_find(*piece, '\0');
	uint64_t left = d->message_octets_max - d->octets;

	if (nul < piece->n) {
		*piece = str_first(*piece, nul);
		d->fault = SMTP_DATA_NUL;
	}
	if (piece->n > left) {
		*piece = str_first(*piece, (size_t)left);
		d->fault = SMTP_DATA_TOO_MUCH;
	}
	if (str_ends(*piece, S("\r")))
		*piece = str_first(*piece, piece->n - 1); /* the cut fell into a CRLF */
	d->octets += piece->n;
}

enum scan smtp_data_take(struct smtp_data *d, str *input, str *piece)
{
	*piece = S("");
	while (input->n > 0 && piece->n == 0) {
		bool plain = d->at == SMTP_DATA_IN_LINE ||
			     (d->at == SMTP_DATA_AT_LINE && !(d->dots && input->p[0] == '.'));

		if (d->fault)
			return swallow(d, input);
		if (plain)
			*piece = take_lines(d, input);
		if (piece->n == 0 && !d->fault && take_byte(d, input, piece) == SCAN_DONE)
			return SCAN_DONE;
		judge(d, piece);
	}
	return SCAN_MORE;
}

void smtp_data_end(struct smtp_data *d)
{
	if (d->at != SMTP_DATA_AT_LINE && !d->fault)
		d->fault = SMTP_DATA_OPEN;
}

bool smtp_data_sound(const struct smtp_data *d, struct fail *why)
{
	if (d->fault)
		fail_reply(why, verdicts[d->fault].code, verdicts[d->fault].status, "%s",
			verdicts[d->fault].text);
	return !d->fault;
}
