#include "sender/dkim_fake.h"

#include <assert.h>
#include <stdio.h>

void dkim_fake_key(struct dkim_fake *f, str name, str text)
{
	assert(f->count < DKIM_FAKE_KEYS_MAX);
	f->keys[f->count].name = name;
	f->keys[f->count].text = text;
	f->keys[f->count++].answer = DKIM_FOUND;
}

void dkim_fake_answer(struct dkim_fake *f, str name, enum dkim_answer answer)
{
	dkim_fake_key(f, name, S(""));
	f->keys[f->count - 1].answer = answer;
}

static void answer(struct dkim_fake *f, struct dkim_verify *v, const struct dkim_verify_act *act)
{
	struct dns_record all[DKIM_FAKE_KEYS_MAX];
	struct dns_records records = { .records = all };
	enum dkim_answer found = DKIM_MISSING;

	f->asked++;
	for (size_t i = 0; i < f->count; i++) {
		if (!str_eq_nocase(f->keys[i].name, act->name))
			continue;
		found = f->keys[i].answer;
		all[records.count++] =
			(struct dns_record){ .type = DNS_TXT, .text = f->keys[i].text };
	}
	dkim_verify_answer(v, act->ticket, found, &records);
	dkim_verify_answer(v, act->ticket, DKIM_TROUBLE, NULL); /* stale: must be dropped */
}

static bool drive(struct dkim_fake *f, struct dkim_verify *v)
{
	for (;;) {
		struct dkim_verify_act act = dkim_verify_next(v);

		switch (act.kind) {
		case DKIM_VERIFY_WAIT:
			return false;
		case DKIM_VERIFY_DONE:
			return true;
		case DKIM_VERIFY_ASK:
			answer(f, v, &act);
			break;
		}
	}
}

struct dkim_verify *dkim_fake_verify(
	struct dkim_fake *f, str message, int64_t now_s, size_t cut, bool late)
{
	struct dkim_verify *v = dkim_verify_new(now_s);
	bool done;

	while (message.n > 0) {
		dkim_verify_feed(v, str_first(message, cut));
		message = str_skip(message, cut);
		if (!late)
			(void)drive(f, v);
	}
	dkim_verify_end(v);
	done = drive(f, v);
	assert(done);
	return v;
}

void dkim_fake_read(const char *path, struct buf *to)
{
	FILE *file = fopen(path, "rb");
	int c, last = 0;

	assert(file);
	for (; (c = getc(file)) != EOF; last = c) {
		if (c == '\n' && last != '\r')
			buf_put_char(to, '\r');
		buf_put_char(to, (char)c);
	}
	fclose(file);
}
