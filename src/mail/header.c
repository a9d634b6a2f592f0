#include "mail/header.h"

#include "base/ascii.h"
#include "mail/mime.h"

void header_scan_init(struct header_scan *h)
{
	*h = (struct header_scan){ 0 };
}

/* 32 bytes at a time: every byte of every message comes by here. */
static bool has_high(str s)
{
	const uint64_t high = 0x8080808080808080;
	uint64_t seen = 0, words[4];
	size_t i = 0;

	for (; s.n - i >= sizeof words; i += sizeof words) {
		memcpy(words, s.p + i, sizeof words);
		seen |= words[0] | words[1] | words[2] | words[3];
	}
	for (; i < s.n; i++)
		seen |= (unsigned char)s.p[i];
	return seen & high;
}

/* clang-format off */
static const struct {
	str name;
	unsigned flag;
} fields[] = {
	{ STR_INIT("Date"), HEADER_DATE },
	{ STR_INIT("From"), HEADER_FROM },
	{ STR_INIT("Message-ID"), HEADER_MESSAGE_ID },
	{ STR_INIT("Sender"), HEADER_SENDER },
	{ STR_INIT("Return-Path"), HEADER_RETURN_PATH },
	{ STR_INIT("DKIM-Signature"), HEADER_DKIM_SIGNATURE },
	{ STR_INIT("MIME-Version"), HEADER_MIME_VERSION },
	{ STR_INIT("To"), HEADER_TO },
	{ STR_INIT("Cc"), HEADER_CC },
	{ STR_INIT("Subject"), HEADER_SUBJECT },
};
/* clang-format on */

/* Content whose bytes are what was signed, or is inside a signature. */
static const str signed_types[] = {
	STR_INIT("multipart/signed"),
	STR_INIT("application/pkcs7-mime"),
	STR_INIT("application/x-pkcs7-mime"),
	STR_INIT("application/pkcs7-signature"),
	STR_INIT("application/x-pkcs7-signature"),
};

static void end_field(struct header_scan *h)
{
	str type = str_from(h->type, h->type_n);

	for (size_t i = 0; type.n > 0 && i < LENGTH(signed_types); i++)
		h->is_signed |= str_eq(type, signed_types[i]);
	h->type_n = h->comment_depth = 0;
	h->in_field = h->in_line = h->in_type = h->in_id = false;
}

static void end_header(struct header_scan *h, bool malformed)
{
	end_field(h);
	h->over = true;
	h->malformed = malformed;
}

static void begin_field(struct header_scan *h, str name)
{
	bool has_id = h->fields & HEADER_MESSAGE_ID;

	end_field(h);
	h->in_field = h->in_line = true;
	for (size_t i = 0; i < LENGTH(fields); i++)
		if (str_eq_nocase(name, fields[i].name))
			h->fields |= fields[i].flag;
	h->received += str_eq_nocase(name, S("Received"));
	h->delivered_to += str_eq_nocase(name, S("Delivered-To"));
	h->is_signed |=
		str_eq_nocase(name, S("DKIM-Signature")) || str_starts_nocase(name, S("ARC-"));
	h->in_type = str_eq_nocase(name, S("Content-Type"));
	h->in_id = !has_id && h->fields & HEADER_MESSAGE_ID;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void read_id(struct header_scan *h, str value)
{
	for (size_t i = 0; i < value.n && h->id_n < sizeof h->id; i++)
		if (!is_blank(value.p[i]))
			h->id[h->id_n++] = value.p[i];
}

static void read_type(struct header_scan *h, str value)
{
	for (size_t i = 0; i < value.n && h->in_type; i++) {
		char c = value.p[i];

		if (c == '(')
			h->comment_depth++;
		else if (h->comment_depth > 0)
			h->comment_depth -= c == ')';
		else if (c == ';' || h->type_n == sizeof h->type)
			h->in_type = false;
		else if (!is_blank(c))
			h->type[h->type_n++] = ascii_lower(c);
	}
}

/* The rest of a line, or what there is of it.  Returns its length. */
static size_t in_line(struct header_scan *h, str rest)
{
	str part = str_first(rest, str_find(rest, '\n') + 1);

	h->in_line = part.p[part.n - 1] != '\n';
	h->header_high |= has_high(part);
	if (h->in_type)
		read_type(h, part);
	if (h->in_id)
		read_id(h, part);
	return part.n;
}

/* A line begins; returns the length of the name and colon of a field.  Zero, and not in_line: the
 * header is over, or more must be seen. */
static size_t begin_line(struct header_scan *h, str rest)
{
	str seen = str_first(rest, HEADER_NAME_MAX), name;
	size_t octets;

	if (rest.p[0] == ' ' || rest.p[0] == '\t') {
		h->in_line = h->in_field;
		if (!h->in_field)
			end_header(h, true);
		return 0;
	}
	if (rest.p[0] == '\n' || str_starts(rest, S("\r\n"))) {
		end_header(h, false);
		return 0;
	}
	if (rest.p[0] == '\r' && rest.n == 1)
		return 0;
	switch (mime_field(seen, &name, &octets)) {
	case SCAN_DONE:
		begin_field(h, name);
		return octets;
	case SCAN_MORE:
		if (seen.n < HEADER_NAME_MAX)
			return 0;
		end_header(h, true);
		return 0;
	case SCAN_BAD:
		end_header(h, true);
		return 0;
	}
	return 0;
}

size_t header_scan_feed(struct header_scan *h, str bytes)
{
	size_t done = 0;

	while (done < bytes.n && !h->over) {
		str rest = str_skip(bytes, done);

		done += h->in_line ? in_line(h, rest) : begin_line(h, rest);
		if (!h->in_line && done == bytes.n - rest.n)
			break; /* not one byte further */
	}
	h->octets += done;
	if (h->over && !h->body_high)
		h->body_high = has_high(str_skip(bytes, done));
	return done;
}

void header_scan_end(struct header_scan *h)
{
	if (!h->over)
		end_header(h, false);
}
