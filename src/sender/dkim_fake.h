/*
 * sender/dkim_fake - key records by name, and a message judged by them, for tests
 */
#ifndef SENDER_DKIM_FAKE_H
#define SENDER_DKIM_FAKE_H

#include "sender/dkim_verify.h"

#define DKIM_FAKE_KEYS_MAX 16

struct dkim_fake {
	struct {
		str name, text;
		enum dkim_answer answer;
	} keys[DKIM_FAKE_KEYS_MAX];
	size_t count;
	size_t asked; /* look-ups that were made */
};

/* name and text are borrowed. */
void dkim_fake_key(struct dkim_fake *f, str name, str text);
void dkim_fake_answer(struct dkim_fake *f, str name, enum dkim_answer answer);

/* Feed the message in parts of cut octets, and answer all look-ups: at once, or where late after
 * the message has ended. */
struct dkim_verify *dkim_fake_verify(
	struct dkim_fake *f, str message, int64_t now_s, size_t cut, bool late) MUST_USE;

/* The file's bytes, each bare LF as CRLF, appended. */
void dkim_fake_read(const char *path, struct buf *to);

#endif
