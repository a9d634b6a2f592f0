#include "conf/lex.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/ascii.h"
#include "base/number.h"
#include "base/utf8.h"

void conf_lex_init(struct conf_lex *l, struct arena *a, str file, str text)
{
	*l = (struct conf_lex){ .arena = a, .file = file, .rest = text, .line = 1, .column = 1 };
}

bool conf_lex_fail(struct fail *why, const struct conf_origin *at, const char *format, ...)
{
	char text[FAIL_TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	return fail_with(why, FAIL_PERMANENT, "5.3.5", "%.*s:%u:%u: %s", STR(at->file), at->line,
		at->column, text);
}

/* Pass n bytes of one line. */
static void pass(struct conf_lex *l, size_t n)
{
	for (size_t i = 0; i < n; i++)
		l->column += ((unsigned char)l->rest.p[i] & 0xc0) != 0x80;
	l->rest = str_skip(l->rest, n);
}

static bool at_newline(str s)
{
	return str_starts(s, S("\n")) || str_starts(s, S("\r\n"));
}

static void pass_newline(struct conf_lex *l)
{
	l->rest = str_skip(l->rest, l->rest.p[0] == '\r' ? 2 : 1);
	l->line++;
	l->column = 1;
}

/* A line or a column; they count from 1. */
static bool parse_place(str s, uint32_t *value)
{
	uint64_t n;

	if (!number_parse(s, UINT32_MAX, &n) || n == 0)
		return false;
	*value = (uint32_t)n;
	return true;
}

static bool take_column(str *columns, uint32_t *column)
{
	str first;

	str_cut(columns, ',', &first);
	return parse_place(first, column);
}

/* A comment may be an origin mark; what only looks like one is a comment. */
static void read_mark(struct conf_lex *l, str comment)
{
	struct conf_origin at;
	size_t colon;
	str columns, line;

	if (!str_starts(comment, S("#@ ")))
		return;
	comment = str_skip(comment, 3);
	colon = str_find_last(comment, ':');
	columns = str_skip(comment, colon + 1);
	comment = str_first(comment, colon);
	colon = str_find_last(comment, ':');
	line = str_skip(comment, colon + 1);
	at.file = str_first(comment, colon);
	if (at.file.n == 0 || !utf8_valid(at.file) || !parse_place(line, &at.line) ||
		!take_column(&columns, &at.column))
		return;
	for (size_t i = 0; i < at.file.n; i++)
		if (ascii_control(at.file.p[i]))
			return;
	l->marked = true;
	l->mark_used = false;
	l->mark = at;
	l->mark_columns = columns;
}

static void pass_comment(struct conf_lex *l)
{
	str comment = str_first(l->rest, str_find(l->rest, '\n'));

	l->rest = str_skip(l->rest, comment.n);
	if (str_ends(comment, S("\r")))
		comment.n--;
	read_mark(l, comment);
}

/* Where the word that begins here was written first. */
static struct conf_origin word_origin(struct conf_lex *l)
{
	struct conf_origin at = { .file = l->file, .line = l->line, .column = l->column };

	if (!l->marked)
		return at;
	at = l->mark;
	l->mark_used = true;
	if (l->mark_columns.n > 0 && !take_column(&l->mark_columns, &l->mark.column))
		l->mark_columns = S("");
	return at;
}

/* How many bytes the character at the front of s has that may stand in a word; 0: none may. */
static size_t word_character(str s)
{
	return ascii_control(s.p[0]) ? 0 : utf8_first(s);
}

static enum conf_lex_kind bad_character(const struct conf_word *word, struct fail *why)
{
	conf_lex_fail(why, &word->origin, "a word holds a control character or is not UTF-8");
	return CONF_LEX_BAD;
}

static bool word_ends(str s)
{
	return s.n == 0 || s.p[0] == ' ' || s.p[0] == '\t' || s.p[0] == ';' || at_newline(s);
}

static enum conf_lex_kind plain_word(struct conf_lex *l, struct conf_word *word, struct fail *why)
{
	bool open = false; /* a brace inside the word */
	size_t n = 0;

	for (;;) {
		str s = str_skip(l->rest, n);
		size_t step;

		if (word_ends(s) || (s.p[0] == '}' && !open))
			break;
		step = word_character(s);
		if (step == 0)
			return bad_character(word, why);
		if (s.p[0] == '"') {
			conf_lex_fail(why, &word->origin, "a quote may only begin a word");
			return CONF_LEX_BAD;
		}
		if (s.p[0] == '{' && open)
			break;
		if (s.p[0] == '{' || s.p[0] == '}')
			open = !open;
		n += step;
	}
	if (open) {
		conf_lex_fail(why, &word->origin,
			"a '{' inside a word needs its '}'; one that opens a block stands apart");
		return CONF_LEX_BAD;
	}
	word->text = str_first(l->rest, n);
	pass(l, n);
	return CONF_LEX_WORD;
}

static enum conf_lex_kind quoted_word(struct conf_lex *l, struct conf_word *word, struct fail *why)
{
	size_t n = 1, length = 0, line_octets = str_find(l->rest, '\n');
	char *text = arena_alloc(l->arena, line_octets + 1);

	while (n < line_octets && l->rest.p[n] != '"' && !at_newline(str_skip(l->rest, n))) {
		size_t step = word_character(str_skip(l->rest, n));

		if (step == 0)
			return bad_character(word, why);
		if (l->rest.p[n] == '\\') {
			n++;
			step = 1;
			if (n == line_octets || (l->rest.p[n] != '"' && l->rest.p[n] != '\\')) {
				conf_lex_fail(why, &word->origin,
					"inside quotes, only \\\" and \\\\ may follow a backslash");
				return CONF_LEX_BAD;
			}
		}
		memcpy(text + length, l->rest.p + n, step);
		length += step;
		n += step;
	}
	if (n >= line_octets || l->rest.p[n] != '"') {
		conf_lex_fail(why, &word->origin, "this quote is not closed on its line");
		return CONF_LEX_BAD;
	}
	word->text = (str){ text, length };
	pass(l, n + 1);
	if (word_ends(l->rest) || l->rest.p[0] == '}')
		return CONF_LEX_WORD;
	conf_lex_fail(why, &word->origin, "a space is missing behind the closing quote");
	return CONF_LEX_BAD;
}

enum conf_lex_kind conf_lex_next(struct conf_lex *l, struct conf_word *word, struct fail *why)
{
	enum conf_lex_kind sign;

	while (l->rest.n > 0 && (l->rest.p[0] == ' ' || l->rest.p[0] == '\t'))
		pass(l, 1);
	if (str_starts(l->rest, S("#")))
		pass_comment(l);
	word->origin = (struct conf_origin){ l->file, l->line, l->column };
	if (l->rest.n == 0)
		return CONF_LEX_EOF;
	if (at_newline(l->rest)) {
		pass_newline(l);
		sign = CONF_LEX_END;
	} else if (l->rest.p[0] == ';' || l->rest.p[0] == '{' || l->rest.p[0] == '}') {
		sign = l->rest.p[0] == '{'   ? CONF_LEX_OPEN
		       : l->rest.p[0] == '}' ? CONF_LEX_CLOSE
					     : CONF_LEX_END;
		pass(l, 1);
	} else {
		word->origin = word_origin(l);
		return l->rest.p[0] == '"' ? quoted_word(l, word, why) : plain_word(l, word, why);
	}
	if (l->mark_used) /* the directive that it spoke of is over */
		l->marked = l->mark_used = false;
	return sign;
}
