#include "mail/downgrade.h"

#include <assert.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "mail/encoder.h"
#include "mail/lines.h"
#include "mail/mime.h"

#define LEVELS_MAX 32    /* of multiparts in multiparts */
#define BOUNDARY_MAX 200 /* RFC 2046 section 5.1.1 allows 70 */
#define VALUE_MAX 2000   /* of a Content-Type that we understand */

/* A message, a part of it, or a message or part in that: whatever has a header of its own. */
struct entity {
	uint16_t parent; /* index; its own for the first */
	enum {
		ENTITY_TEXT,      /* becomes quoted-printable */
		ENTITY_DATA,      /* becomes base64 */
		ENTITY_MULTIPART, /* only what is in it is converted */
		ENTITY_MESSAGE,
		ENTITY_FIXED, /* cannot be changed: signed, encoded already, or not understood */
	} kind;
	bool is_message; /* its header is a message's */
	bool high;       /* bytes above 127 in its body, or in what is in it: it is converted */
	bool has_type, has_version;
	bool has_parts;
	bool lacks_blank;                      /* between header and body */
	uint64_t encoding_octets;              /* of fields that are replaced */
	uint64_t plain_octets, encoded_octets; /* of its body, when it is a leaf */
};

struct level {
	uint16_t entity; /* the multipart */
	bool digest;
	char boundary[BOUNDARY_MAX];
	size_t boundary_n;
};

struct downgrade {
	bool failed;
	struct buf *to; /* null: scanning */
	uint64_t scanned_octets;
	struct entity *entities;
	size_t count, size; /* seen in this pass; allocated */
	size_t known;       /* how many there are, once scanned */
	size_t at;          /* whose header or body this is */
	struct level levels[LEVELS_MAX];
	size_t depth;
	enum { IN_HEADER, IN_LEAF, IN_BETWEEN } where; /* BETWEEN: before, between, behind parts */

	struct lines lines;
	bool crlf; /* a line has ended, but a delimiter line would take that end for its own */

	/* the field */
	enum { FIELD_NONE, FIELD_OTHER, FIELD_TYPE, FIELD_ENCODING } field;
	char type[VALUE_MAX], encoding[MIME_WORD_MAX];
	size_t type_n, encoding_n;

	struct encoder encoder;
};

struct downgrade *downgrade_new(void)
{
	return MEM_NEW(struct downgrade);
}

void downgrade_free(struct downgrade *d)
{
	if (!d)
		return;
	mem_free(d->entities);
	mem_free(d);
}

static struct entity *here(struct downgrade *d)
{
	return &d->entities[d->at];
}

static bool converting(const struct downgrade *d)
{
	return d->to && d->entities[d->at].high;
}

static void put(struct downgrade *d, str s)
{
	if (d->to)
		buf_put(d->to, s);
}

/* --- entities ------------------------------------------------------------------------------- */

static void begin_entity(struct downgrade *d, size_t parent, bool is_message)
{
	if (d->count == DOWNGRADE_PARTS_MAX) {
		d->failed = true;
		return;
	}
	if (d->count == d->size) {
		d->size = d->size ? d->size * 2 : 4;
		d->entities = mem_grow(d->entities, d->size * sizeof *d->entities);
	}
	d->at = d->count++;
	if (!d->to)
		*here(d) = (struct entity){ .parent = (uint16_t)parent, .is_message = is_message };
	d->where = IN_HEADER;
	d->field = FIELD_NONE;
	d->type_n = d->encoding_n = 0;
}

/* What is put at the end of a header whose entity is converted. */
static void put_fields(const struct entity *e, struct buf *to)
{
	if (e->is_message && !e->has_version)
		buf_put(to, S("MIME-Version: 1.0\r\n"));
	if (e->kind == ENTITY_TEXT && !e->has_type)
		buf_put(to, S("Content-Type: text/plain; charset=unknown-8bit\r\n"));
	if (e->kind == ENTITY_TEXT)
		buf_put(to, S("Content-Transfer-Encoding: quoted-printable\r\n"));
	if (e->kind == ENTITY_DATA)
		buf_put(to, S("Content-Transfer-Encoding: base64\r\n"));
	if (e->lacks_blank)
		buf_put(to, S("\r\n"));
}

static bool one_of(str word, const str *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(word, words[i]))
			return true;
	return false;
}

/* An entity may be converted whose encoding is none. */
static bool encoding_is_none(struct downgrade *d)
{
	static const str none[] = { STR_INIT(""), STR_INIT("7bit"), STR_INIT("8bit"),
		STR_INIT("binary") };
	char word[MIME_WORD_MAX];

	return d->encoding_n <= sizeof d->encoding &&
	       one_of(mime_word(str_from(d->encoding, d->encoding_n), word), none, LENGTH(none));
}

static bool push_level(struct downgrade *d, str value, bool digest)
{
	struct level *l = &d->levels[d->depth];
	str boundary;

	if (d->depth == LEVELS_MAX || d->type_n > sizeof d->type ||
		!mime_parameter(value, S("boundary"), l->boundary, sizeof l->boundary, &boundary))
		return false;
	l->boundary_n = boundary.n;
	l->digest = digest;
	l->entity = (uint16_t)d->at;
	d->depth++;
	return true;
}

/* The header is over: what is its body? */
static int kind_of_body(struct downgrade *d)
{
	struct entity *e = here(d);
	bool in_digest = !e->is_message && d->depth > 0 && d->levels[d->depth - 1].digest;
	str value = str_from(d->type, d->type_n < sizeof d->type ? d->type_n : sizeof d->type);
	char word[MIME_WORD_MAX];
	str type = mime_word(value, word);

	if (!encoding_is_none(d))
		return ENTITY_FIXED;
	if (!e->has_type)
		return in_digest ? ENTITY_MESSAGE : ENTITY_TEXT;
	if (str_eq(type, S("multipart/signed")))
		return ENTITY_FIXED;
	if (str_starts(type, S("multipart/")))
		return push_level(d, value, str_eq(type, S("multipart/digest"))) ? ENTITY_MULTIPART
										 : ENTITY_FIXED;
	if (str_eq(type, S("message/rfc822")))
		return ENTITY_MESSAGE;
	if (str_starts(type, S("message/")) && !str_starts(type, S("message/global")))
		return ENTITY_FIXED; /* may have no encoding, RFC 2046 section 5.2; RFC 6532 may */
	return str_starts(type, S("text/")) ? ENTITY_TEXT : ENTITY_DATA;
}

/* --- bodies --------------------------------------------------------------------------------- */

static void end_header(struct downgrade *d, bool lacks_blank)
{
	struct entity *e = here(d);

	e->lacks_blank = lacks_blank;
	e->kind = kind_of_body(d);
	if (converting(d))
		put_fields(e, d->to);
	d->where = e->kind == ENTITY_MULTIPART ? IN_BETWEEN : IN_LEAF;
	encoder_init(&d->encoder, e->kind == ENTITY_DATA, d->to);
}

/* Behind the empty line of a message in a message its header begins. */
static void begin_body(struct downgrade *d)
{
	if (here(d)->kind == ENTITY_MESSAGE)
		begin_entity(d, d->at, true);
}

static void body_text(struct downgrade *d, str text)
{
	struct entity *e = here(d);
	bool high = !utf8_ascii(text);

	if (!d->to && high) {
		e->high = true;
		d->failed |= e->kind == ENTITY_FIXED;
	}
	if (d->where == IN_BETWEEN) { /* nobody is shown this, and it has no encoding */
		for (size_t i = 0; i < text.n && d->to; i++)
			buf_put_char(d->to, ascii_high(text.p[i]) ? '?' : text.p[i]);
		return;
	}
	if (!d->to)
		e->plain_octets += text.n;
	if (!d->to || e->high)
		encoder_text(&d->encoder, text);
	else
		put(d, text);
}

/* The end of a line of a body turned out to be of that body. */
static void body_crlf(struct downgrade *d)
{
	if (!d->crlf)
		return;
	d->crlf = false;
	if (d->where == IN_BETWEEN) {
		put(d, S("\r\n"));
		return;
	}
	if (!d->to)
		here(d)->plain_octets += 2;
	if (!d->to || here(d)->high)
		encoder_line_end(&d->encoder);
	else
		put(d, S("\r\n"));
}

static void end_body(struct downgrade *d)
{
	if (d->where != IN_LEAF)
		return;
	if (!d->to || here(d)->high)
		encoder_end(&d->encoder);
	if (!d->to)
		here(d)->encoded_octets = d->encoder.octets;
}

/* --- lines ---------------------------------------------------------------------------------- */

/* Is this whole line a delimiter of one of the multiparts that we are in?  RFC 2046 section 5.1.1
 */
static bool delimiter(struct downgrade *d, str line, size_t *level, bool *closes)
{
	if (!str_starts(line, S("--")))
		return false;
	line = str_trim_right(str_skip(line, 2));
	for (size_t i = d->depth; i-- > 0;) {
		str boundary = str_from(d->levels[i].boundary, d->levels[i].boundary_n);

		*level = i;
		*closes = false;
		if (str_eq(line, boundary))
			return true;
		*closes = true;
		if (str_starts(line, boundary) && str_eq(str_skip(line, boundary.n), S("--")))
			return true;
	}
	return false;
}

static void delimiter_line(struct downgrade *d, str line, size_t level, bool closes)
{
	end_body(d);
	if (d->crlf)
		put(d, S("\r\n"));
	d->crlf = false;
	put(d, line);
	put(d, S("\r\n"));
	d->at = d->levels[level].entity;
	d->depth = closes ? level : level + 1;
	here(d)->has_parts = true;
	if (closes)
		d->where = IN_BETWEEN;
	else
		begin_entity(d, d->at, false);
}

static void begin_field(struct downgrade *d, str name)
{
	struct entity *e = here(d);

	d->field = FIELD_OTHER;
	if (str_eq_nocase(name, S("MIME-Version")))
		e->has_version = true;
	if (str_eq_nocase(name, S("Content-Type")) && d->type_n == 0) { /* the first one counts */
		e->has_type = true;
		d->field = FIELD_TYPE;
	}
	if (str_eq_nocase(name, S("Content-Transfer-Encoding")))
		d->field = FIELD_ENCODING; /* two are one that we do not understand */
}

static void keep(char *to, size_t size, size_t *n, str text)
{
	for (size_t i = 0; i < text.n && *n <= size; i++, ++*n)
		if (*n < size)
			to[*n] = text.p[i];
}

/* Bytes of a field, with its line end; value: what of them is its value. */
static void field_text(struct downgrade *d, str text, str value)
{
	/* Raw bytes in the header of the whole message stay as they came. */
	d->failed |= (d->at > 0 || d->field == FIELD_ENCODING) && !utf8_ascii(text);
	if (d->field == FIELD_TYPE)
		keep(d->type, sizeof d->type, &d->type_n, value);
	if (d->field == FIELD_ENCODING) {
		keep(d->encoding, sizeof d->encoding, &d->encoding_n, value);
		if (!d->to)
			here(d)->encoding_octets += text.n;
		if (converting(d))
			return;
	}
	put(d, text);
}

/* The start of a line of a header.  False: it is no such line, but one of the body. */
static bool header_line(struct downgrade *d, str start, bool whole)
{
	bool folded = start.n > 0 && (start.p[0] == ' ' || start.p[0] == '\t');
	size_t before = 0; /* the value */
	bool good = folded && d->field != FIELD_NONE;
	str name;

	if (start.n == 0 && whole) {
		end_header(d, false);
		put(d, S("\r\n"));
		begin_body(d);
		return true;
	}
	if (!folded && mime_field(start, &name, &before) == SCAN_DONE) {
		begin_field(d, name);
		good = true;
	}
	if (!good) {
		end_header(d, true);
		begin_body(d);
		return d->where == IN_HEADER ? header_line(d, start, whole) : false;
	}
	field_text(d, start, str_skip(start, before));
	if (whole)
		field_text(d, S("\r\n"), S(""));
	return true;
}

static bool delimits(struct downgrade *d, str start, bool whole)
{
	size_t level;
	bool closes;

	if (!whole || !delimiter(d, start, &level, &closes))
		return false;
	delimiter_line(d, start, level, closes);
	return true;
}

/* The first bytes of a line, or all of it.  A line that ends a header, being none of it, may
 * delimit the first part of the multipart that begins so. */
static void begin_line(struct downgrade *d, str start, bool whole)
{
	if (delimits(d, start, whole))
		return;
	if (d->where == IN_HEADER && (header_line(d, start, whole) || delimits(d, start, whole)))
		return;
	body_crlf(d);
	body_text(d, start);
	d->crlf = whole;
}

static void rest_of_line(struct downgrade *d, str text, bool ends)
{
	if (d->where == IN_HEADER) {
		field_text(d, text, text);
		if (ends)
			field_text(d, S("\r\n"), S(""));
		return;
	}
	body_text(d, text);
	d->crlf = ends;
}

static void pass(struct downgrade *d, str bytes)
{
	struct lines_piece piece;
	enum scan got = SCAN_DONE;

	if (d->count == 0 && !d->failed)
		begin_entity(d, 0, true);
	while (!d->failed && (got = lines_take(&d->lines, &bytes, &piece)) == SCAN_DONE)
		if (piece.begins)
			begin_line(d, piece.text, piece.ends);
		else
			rest_of_line(d, piece.text, piece.ends);
	d->failed |= got == SCAN_BAD;
}

/* The message is over, in whatever part; but a line must not be. */
static void end_pass(struct downgrade *d)
{
	d->failed |= !lines_between(&d->lines) || d->count == 0;
	if (d->failed || d->where == IN_HEADER)
		return;
	body_crlf(d);
	end_body(d);
	if (d->where != IN_LEAF || here(d)->kind != ENTITY_DATA)
		return;
	if (!d->to)
		here(d)->encoded_octets += 2; /* base64 does not end its last line */
	else if (here(d)->high)
		put(d, S("\r\n"));
}

/* --- the two passes ------------------------------------------------------------------------- */

bool downgrade_scan(struct downgrade *d, str bytes)
{
	d->scanned_octets += bytes.n;
	pass(d, bytes);
	return !d->failed;
}

bool downgrade_scan_end(struct downgrade *d, uint64_t *octets)
{
	struct buf fields = { 0 };

	end_pass(d);
	*octets = d->scanned_octets;
	for (size_t i = d->count; i-- > 0 && !d->failed;) {
		struct entity *e = &d->entities[i];

		if (!e->high)
			continue;
		d->failed |= e->kind == ENTITY_MULTIPART && !e->has_parts; /* it is all between */
		d->entities[e->parent].high = true;
		put_fields(e, &fields);
		*octets += buf_str(&fields).n - e->encoding_octets;
		buf_clear(&fields);
		if (e->kind == ENTITY_TEXT || e->kind == ENTITY_DATA)
			*octets += e->encoded_octets - e->plain_octets;
	}
	buf_free(&fields);
	d->known = d->count;
	d->count = d->depth = 0;
	d->crlf = false;
	return !d->failed;
}

void downgrade_convert(struct downgrade *d, str bytes, struct buf *to)
{
	assert(!d->failed);
	d->to = to;
	d->encoder.to = to;
	pass(d, bytes);
	assert(!d->failed && d->count <= d->known); /* these are the same bytes */
}

void downgrade_convert_end(struct downgrade *d, struct buf *to)
{
	d->to = to;
	d->encoder.to = to;
	end_pass(d);
}
