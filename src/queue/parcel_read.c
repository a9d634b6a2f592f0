/* queue/parcel: reading. */
#include "base/log.h"
#include "base/mem.h"
#include "base/number.h"
#include "mail/address.h"
#include "queue/parcel_inside.h"
#include "smtp/data.h"

#define RCPTS_FIRST 4

struct parcel {
	enum {
		AT_FIRST,  /* the line that says what this is */
		AT_HEADER, /* of a message, or the end */
		AT_OCTETS,
		AT_BREAK, /* the line end behind them */
		AT_SUM,
		AT_END, /* nothing more is read */
	} at;
	struct buf line;
	size_t header_octets;
	uint64_t left;         /* octets of the message */
	struct smtp_data data; /* is it one that a client could have sent? */
	uint64_t messages;
	bool begun; /* a message, in this header */
	struct parcel_sum *sum;
	struct arena arena;
	struct envelope envelope;
	struct parcel_rcpt *rcpts;
	size_t rcpt_size; /* of both arrays */
};

struct parcel *parcel_new(void)
{
	struct parcel *p = MEM_NEW(struct parcel);

	p->line.limit_octets = PARCEL_LINE_MAX;
	p->sum = parcel_sum_new();
	arena_init(&p->arena, ARENA_UNLIMITED);
	return p;
}

void parcel_free(struct parcel *p)
{
	if (!p)
		return;
	parcel_sum_free(p->sum);
	mem_free(p->envelope.rcpts);
	mem_free(p->rcpts);
	buf_free(&p->line);
	arena_free(&p->arena);
	mem_free(p);
}

const struct envelope *parcel_envelope(const struct parcel *p)
{
	return &p->envelope;
}

const struct parcel_rcpt *parcel_rcpts(const struct parcel *p)
{
	return p->rcpts;
}

static bool bad(const struct parcel *p, struct fail *why, const char *what)
{
	return fail_with(why, FAIL_PERMANENT, "5.6.0", "message %llu: %s",
		(unsigned long long)p->messages + 1, what);
}

/* --- lines of the header -----------------------------------------------------------------------
 */

static bool is_text(str value)
{
	for (size_t i = 0; i < value.n; i++)
		if ((unsigned char)value.p[i] < ' ' || value.p[i] == 127)
			return false;
	return true;
}

static bool read_number(str value, uint64_t max, uint64_t *n)
{
	return number_parse(value, max, n);
}

static bool on_received(struct parcel *p, str value)
{
	uint64_t ms;

	if (!read_number(value, INT64_MAX, &ms))
		return false;
	p->envelope.received_ms = (int64_t)ms;
	return true;
}

static bool on_sender(struct parcel *p, str value)
{
	p->envelope.sender = arena_copy(&p->arena, value);
	return value.n == 0 || address_parse(value, true, NULL);
}

static bool on_flag(struct parcel *p, str value)
{
	for (size_t i = 0; i < PARCEL_FLAG_COUNT; i++) {
		if (!str_eq(value, parcel_flags[i].name))
			continue;
		p->envelope.flags |= parcel_flags[i].flag;
		return true;
	}
	return false;
}

static bool on_ret(struct parcel *p, str value)
{
	uint64_t ret = 0;
	bool good = read_number(value, SMTP_RET_HDRS, &ret);

	p->envelope.ret = (enum smtp_ret)ret;
	return good;
}

/* Who is forwarded, the lines of the recipients say. */
static bool on_forwarder(struct parcel *p, str value)
{
	p->envelope.forwarder = arena_copy(&p->arena, value);
	p->envelope.flags |= ENVELOPE_FORWARDED;
	return address_parse(value, true, NULL);
}

static bool on_envid(struct parcel *p, str value)
{
	p->envelope.envid = arena_copy(&p->arena, value);
	return smtp_command_envid_good(value);
}

static bool on_client(struct parcel *p, str value)
{
	return ip_parse(value, &p->envelope.client);
}

static bool on_helo(struct parcel *p, str value)
{
	p->envelope.helo = arena_copy(&p->arena, value);
	return value.n <= SMTP_HELO_MAX;
}

static bool on_login(struct parcel *p, str value)
{
	p->envelope.login = arena_copy(&p->arena, value);
	p->envelope.flags |= ENVELOPE_LOGIN;
	return value.n > 0;
}

static bool on_session(struct parcel *p, str value)
{
	return log_id_parse(value, &p->envelope.session_id);
}

static bool on_recipient(struct parcel *p, str value)
{
	struct envelope *e = &p->envelope;

	if (e->rcpt_count == ENVELOPE_RECIPIENTS_MAX || !address_parse(value, true, NULL))
		return false;
	if (e->rcpt_count == p->rcpt_size) {
		p->rcpt_size = p->rcpt_size ? p->rcpt_size * 2 : RCPTS_FIRST;
		e->rcpts = mem_grow(e->rcpts, p->rcpt_size * sizeof *e->rcpts);
		p->rcpts = mem_grow(p->rcpts, p->rcpt_size * sizeof *p->rcpts);
	}
	p->rcpts[e->rcpt_count] = (struct parcel_rcpt){ 0 };
	e->rcpts[e->rcpt_count] = (struct envelope_rcpt){ 0 };
	e->rcpts[e->rcpt_count].address = e->rcpts[e->rcpt_count].original =
		arena_copy(&p->arena, value);
	e->rcpt_count++;
	return true;
}

/* The recipient that the lines behind "recipient" are about. */
static struct envelope_rcpt *last(struct parcel *p)
{
	return &p->envelope.rcpts[p->envelope.rcpt_count - 1];
}

static bool on_original(struct parcel *p, str value)
{
	last(p)->original = arena_copy(&p->arena, value);
	return value.n > 0;
}

static bool on_orcpt(struct parcel *p, str value)
{
	last(p)->orcpt = arena_copy(&p->arena, value);
	return smtp_command_orcpt_good(value);
}

static bool on_into(struct parcel *p, str value)
{
	last(p)->into = arena_copy(&p->arena, value);
	return str_starts(value, S("|")) || str_starts(value, S("/"));
}

static bool on_notify(struct parcel *p, str value)
{
	uint64_t notify = 0;
	bool good = read_number(value, ENVELOPE_EXPANDED | 15, &notify);

	last(p)->notify = (unsigned)notify;
	return good && (!(notify & SMTP_NOTIFY_NEVER) || notify == SMTP_NOTIFY_NEVER);
}

static bool on_own_sender(struct parcel *p, str value)
{
	last(p)->has_sender = true;
	last(p)->sender = arena_copy(&p->arena, value);
	return value.n == 0 || address_parse(value, true, NULL);
}

static bool on_forwarded(struct parcel *p, str value)
{
	last(p)->forwarded = true;
	return str_eq(value, S("yes")) && p->envelope.forwarder.n > 0;
}

static bool on_attempts(struct parcel *p, str value)
{
	uint64_t attempts = 0;
	bool good = read_number(value, UINT32_MAX, &attempts);

	p->rcpts[p->envelope.rcpt_count - 1].attempts = (unsigned)attempts;
	return good;
}

static bool on_held(struct parcel *p, str value)
{
	p->rcpts[p->envelope.rcpt_count - 1].held = true;
	return str_eq(value, S("yes"));
}

static bool on_octets(struct parcel *p, str value)
{
	bool good = read_number(value, PARCEL_OCTETS_MAX, &p->left);

	p->envelope.octets = p->left;
	return good && p->envelope.received_ms > 0 && p->envelope.rcpt_count > 0;
}

static const struct header_line {
	str word;
	bool of_rcpt; /* it stands behind a recipient */
	bool (*read)(struct parcel *p, str value);
} header_lines[] = {
	{STR_INIT("session"),        false, on_session   },
	{ STR_INIT("received"),      false, on_received  },
	{ STR_INIT("sender"),        false, on_sender    },
	{ STR_INIT("forwarder"),     false, on_forwarder },
	{ STR_INIT("flag"),          false, on_flag      },
	{ STR_INIT("ret"),           false, on_ret       },
	{ STR_INIT("envid"),         false, on_envid     },
	{ STR_INIT("client"),        false, on_client    },
	{ STR_INIT("helo"),          false, on_helo      },
	{ STR_INIT("login"),         false, on_login     },
	{ STR_INIT("recipient"),     false, on_recipient },
	{ STR_INIT("original"),      true,  on_original  },
	{ STR_INIT("orcpt"),         true,  on_orcpt     },
	{ STR_INIT("into"),          true,  on_into      },
	{ STR_INIT("notify"),        true,  on_notify    },
	{ STR_INIT("sender-for-it"), true,  on_own_sender},
	{ STR_INIT("forwarded"),     true,  on_forwarded },
	{ STR_INIT("attempts"),      true,  on_attempts  },
	{ STR_INIT("held"),          true,  on_held      },
	{ STR_INIT("octets"),        false, on_octets    },
};

static bool begin_message(struct parcel *p, str id)
{
	struct envelope_rcpt *rcpts = p->envelope.rcpts; /* the array is kept */

	arena_reset(&p->arena);
	p->envelope = (struct envelope){ .rcpts = rcpts };
	p->begun = true;
	p->header_octets = 0;
	p->data =
		(struct smtp_data){ .line_octets_max = SIZE_MAX, .message_octets_max = UINT64_MAX };
	smtp_data_init(&p->data);
	parcel_sum_begin(p->sum);
	return log_id_parse(id, &p->envelope.id);
}

static enum parcel_step read_end(struct parcel *p, str value, struct fail *why)
{
	uint64_t count;

	p->at = AT_END;
	if (!read_number(value, SIZE_MAX, &count) || count != p->messages) {
		bad(p, why,
			"the number of messages behind \"end\" is another one: some are missing");
		return PARCEL_BAD;
	}
	return PARCEL_END;
}

static enum parcel_step read_header_line(struct parcel *p, str line, struct fail *why)
{
	str word, value = line;

	str_cut(&value, ' ', &word);
	if (!is_text(line))
		goto wrong;
	if (!p->begun && str_eq(word, S("end")))
		return read_end(p, value, why);
	if (!p->begun) {
		if (!str_eq(word, S("message")) || !begin_message(p, value))
			goto wrong;
		return PARCEL_MORE;
	}
	for (size_t i = 0; i < LENGTH(header_lines); i++) {
		if (!str_eq(word, header_lines[i].word))
			continue;
		if ((header_lines[i].of_rcpt && p->envelope.rcpt_count == 0) ||
			!header_lines[i].read(p, value))
			goto wrong;
		if (header_lines[i].read != on_octets)
			return PARCEL_MORE;
		p->at = AT_OCTETS;
		p->begun = false;
		return PARCEL_ENVELOPE;
	}
wrong:
	fail_with(why, FAIL_PERMANENT, "5.6.0", "message %llu: a line that is not understood: %.*s",
		(unsigned long long)p->messages + 1, (int)(line.n < 80 ? line.n : 80), line.p);
	return PARCEL_BAD;
}

/* What has no lines could not be sent on, nor be returned (P6). */
static void look_at(struct parcel *p, str bytes)
{
	str piece;

	while (bytes.n > 0)
		(void)!smtp_data_take(&p->data, &bytes, &piece); /* never over, without dots */
}

static enum parcel_step read_sum(struct parcel *p, str line, struct fail *why)
{
	char sum[PARCEL_SUM_DIGITS + 1];
	str word, value = line;
	struct fail fault;

	str_cut(&value, ' ', &word);
	parcel_sum_print(p->sum, sum);
	p->at = AT_HEADER;
	if (str_eq(word, S("sha256")) && str_eq(value, S(PARCEL_UNREADABLE_WORD))) {
		p->messages++;
		return PARCEL_UNREADABLE;
	}
	if (!str_eq(word, S("sha256")) || !str_eq(value, str_of(sum))) {
		bad(p, why, "it is damaged: its SHA-256 is another one");
		return PARCEL_BAD;
	}
	smtp_data_end(&p->data);
	if (!smtp_data_sound(&p->data, &fault)) {
		bad(p, why, fault.text);
		return PARCEL_BAD;
	}
	p->messages++;
	return PARCEL_MESSAGE;
}

/* --- the machine -------------------------------------------------------------------------------
 */

/* False: the rest of the line has not come yet; or, *step says so, never will. */
static bool take_line(struct parcel *p, str *input, enum parcel_step *step, struct fail *why)
{
	size_t end = str_find(*input, '\n');

	*step = PARCEL_MORE;
	if (!buf_add(&p->line, str_first(*input, end)) ||
		p->header_octets > PARCEL_HEADER_OCTETS_MAX) {
		bad(p, why, "a line, or its envelope, is too long");
		*step = PARCEL_BAD;
		return false;
	}
	if (end == input->n) {
		*input = (str){ 0 };
		return false;
	}
	*input = str_skip(*input, end + 1);
	p->header_octets += buf_str(&p->line).n + 1;
	return true;
}

static enum parcel_step read_line(struct parcel *p, struct fail *why)
{
	str line = buf_str(&p->line);
	enum parcel_step step = PARCEL_MORE;

	switch (p->at) {
	case AT_FIRST:
		p->at = AT_HEADER;
		if (str_eq(line, S(PARCEL_FIRST_LINE)))
			return PARCEL_MORE;
		fail_with(why, FAIL_PERMANENT, "5.6.0", "this does not begin with \"%s\"",
			PARCEL_FIRST_LINE);
		return PARCEL_BAD;
	case AT_HEADER:
		step = read_header_line(p, line, why);
		if (step != PARCEL_BAD) {
			parcel_sum_add(p->sum, line);
			parcel_sum_add(p->sum, S("\n"));
		}
		return step;
	case AT_BREAK:
		p->at = AT_SUM;
		if (line.n == 0)
			return PARCEL_MORE;
		bad(p, why, "it is longer than it says");
		return PARCEL_BAD;
	case AT_SUM:
		return read_sum(p, line, why);
	case AT_OCTETS:
	case AT_END:
		break;
	}
	return PARCEL_END;
}

enum parcel_step parcel_next(struct parcel *p, str *input, str *bytes, struct fail *why)
{
	enum parcel_step step;

	for (;;) {
		if (p->at == AT_END)
			return PARCEL_END;
		if (p->at == AT_OCTETS) {
			*bytes = str_first(*input, p->left);
			*input = str_skip(*input, bytes->n);
			p->left -= bytes->n;
			parcel_sum_add(p->sum, *bytes);
			look_at(p, *bytes);
			if (p->left == 0)
				p->at = AT_BREAK;
			if (bytes->n > 0)
				return PARCEL_OCTETS;
			if (p->left > 0)
				return PARCEL_MORE;
		}
		if (!take_line(p, input, &step, why)) {
			if (step == PARCEL_BAD)
				p->at = AT_END;
			return step;
		}
		step = read_line(p, why);
		buf_clear(&p->line);
		if (step == PARCEL_BAD)
			p->at = AT_END;
		if (step != PARCEL_MORE)
			return step;
	}
}
