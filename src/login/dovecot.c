#include "login/dovecot.h"

#include <openssl/crypto.h>

#include "base/base64.h"
#include "base/mem.h"
#include "base/number.h"
#include "login/saslprep.h"

#define MECHANISMS_MAX 512 /* octets of all their names */

struct dovecot {
	struct buf in, out;
	size_t told_octets; /* of out */
	int64_t until_ms;   /* the handshake's deadline */
	bool version, done, ready_told, broken;
	struct buf mechanisms; /* "PLAIN LOGIN " */
	struct buf bytes;      /* of the last act */
	struct fail why;       /* and its reason */
};

struct dovecot *dovecot_new(uint32_t client_id, int64_t now_ms)
{
	struct dovecot *d = MEM_NEW(struct dovecot);

	d->until_ms = now_ms + DOVECOT_HANDSHAKE_MS;
	d->in.limit_octets = DOVECOT_LINE_MAX * 4;
	d->mechanisms.limit_octets = MECHANISMS_MAX;
	buf_putf(&d->out, "VERSION\t1\t1\nCPID\t%u\n", client_id);
	return d;
}

void dovecot_free(struct dovecot *d)
{
	if (!d)
		return;
	buf_free(&d->in);
	saslprep_wipe(&d->out);
	buf_free(&d->mechanisms);
	buf_free(&d->bytes);
	mem_free(d);
}

static void break_off(struct dovecot *d, const char *text)
{
	if (d->broken)
		return;
	d->broken = true;
	fail_with(&d->why, FAIL_TEMPORARY, "4.3.0", "Dovecot's auth service %s", text);
}

void dovecot_feed(struct dovecot *d, str bytes)
{
	if (!d->broken && !buf_add(&d->in, bytes))
		break_off(d, "sent more than a line may hold");
}

void dovecot_tick(struct dovecot *d, int64_t now_ms)
{
	if (now_ms >= dovecot_deadline_ms(d))
		break_off(d, "did not finish its greeting in time");
}

int64_t dovecot_deadline_ms(const struct dovecot *d)
{
	return d->done || d->broken ? INT64_MAX : d->until_ms;
}

bool dovecot_has(const struct dovecot *d, const char *mechanism)
{
	str rest = buf_str(&d->mechanisms), name;

	while (str_word(&rest, &name))
		if (str_eq(name, str_of(mechanism)))
			return true;
	return false;
}

/* --- what we say ------------------------------------------------------------------------------ */

static void put_base64(str bytes, struct buf *to)
{
	(void)!base64_encode(bytes, to); /* there is no limit */
}

static void put_ip(struct buf *to, const char *name, const struct ip *ip)
{
	char text[IP_TEXT_MAX];

	if (ip->family != 0)
		buf_putf(to, "\t%s=%s", name, ip_print(ip, text));
}

bool dovecot_ask(struct dovecot *d, const struct dovecot_request *request)
{
	if (request->response.n > DOVECOT_MESSAGE_MAX)
		return false;
	buf_putf(&d->out, "AUTH\t%u\t%s\tservice=smtp\tsecured", request->number,
		request->mechanism);
	put_ip(&d->out, "lip", &request->local);
	put_ip(&d->out, "rip", &request->remote);
	buf_put(&d->out, S("\tresp=")); /* the last one, by the protocol */
	put_base64(request->response, &d->out);
	buf_put(&d->out, S("\n"));
	return true;
}

bool dovecot_continue(struct dovecot *d, uint32_t number, str response)
{
	if (response.n > DOVECOT_MESSAGE_MAX)
		return false;
	buf_putf(&d->out, "CONT\t%u\t", number);
	put_base64(response, &d->out);
	buf_put(&d->out, S("\n"));
	return true;
}

void dovecot_cancel(struct dovecot *d, uint32_t number)
{
	buf_putf(&d->out, "CANCEL\t%u\n", number);
}

/* --- what it says ----------------------------------------------------------------------------- */

/* Tabs and line ends cannot stand in a value: \001 and a letter stand for them. */
static void put_unescaped(str s, struct buf *to)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '\001' && i + 1 < s.n) {
			c = s.p[++i];
			c = c == '0'   ? '\0'
			    : c == '1' ? '\001'
			    : c == 't' ? '\t'
			    : c == 'r' ? '\r'
			    : c == 'l' ? '\n'
				       : c;
		}
		buf_put_char(to, c);
	}
}

/* The value of NAME=VALUE, or of NAME alone.  False: there is none. */
static bool find_value(str rest, str name, str *value)
{
	bool more = true;
	str field, key;

	while (more) {
		more = str_cut(&rest, '\t', &field);
		*value = field;
		str_cut(value, '=', &key);
		if (str_eq(key, name))
			return true;
	}
	return false;
}

static void say_no(struct dovecot *d, str rest)
{
	char text[200];
	str value;

	buf_clear(&d->bytes);
	if (find_value(rest, S("reason"), &value))
		put_unescaped(value, &d->bytes);
	fail_clean(buf_str(&d->bytes), text, sizeof text);
	if (find_value(rest, S("temp"), &value) ||
		(find_value(rest, S("code"), &value) && str_eq(value, S("temp_fail"))))
		fail_reply(&d->why, 454, "4.7.0", "Dovecot cannot say now who you are%s%s",
			*text ? ": " : "", text);
	else
		fail_reply(&d->why, 535, "5.7.8", "Dovecot says no%s%s", *text ? ": " : "", text);
}

/* CONT, OK and FAIL.  False: the line is broken. */
static bool answer(struct dovecot *d, str verb, str rest, struct dovecot_act *act)
{
	uint64_t number;
	str part;

	str_cut(&rest, '\t', &part);
	if (!number_parse(part, UINT32_MAX, &number))
		return false;
	act->number = (uint32_t)number;
	buf_free(&d->bytes);
	if (str_eq(verb, S("FAIL"))) {
		act->kind = DOVECOT_NO;
		say_no(d, rest);
		act->why = &d->why;
		return true;
	}
	if (str_eq(verb, S("CONT"))) {
		act->kind = DOVECOT_CHALLENGE;
		str_cut(&rest, '\t', &part);
		d->bytes.limit_octets = 0;
		if (!base64_decode(part, &d->bytes))
			return false;
	} else {
		act->kind = DOVECOT_YES;
		if (!find_value(rest, S("user"), &part))
			return false;
		put_unescaped(part, &d->bytes);
	}
	act->bytes = buf_str(&d->bytes);
	return true;
}

static void greet(struct dovecot *d, str verb, str rest)
{
	str part;

	str_cut(&rest, '\t', &part);
	if (str_eq(verb, S("VERSION"))) {
		d->version = str_eq(part, S("1"));
		if (!d->version)
			break_off(d, "speaks another major version of its protocol");
	} else if (str_eq(verb, S("MECH"))) {
		if (!buf_add(&d->mechanisms, part) || !buf_add(&d->mechanisms, S(" ")))
			break_off(d, "has too many mechanisms");
	} else if (str_eq(verb, S("DONE"))) {
		d->done = true;
		if (!d->version)
			break_off(d, "did not say its version");
	}
}

/* A line: true when it has become an act. */
static bool take_line(struct dovecot *d, str line, struct dovecot_act *act)
{
	str verb;

	str_cut(&line, '\t', &verb);
	if (!d->done) {
		greet(d, verb, line);
		return false;
	}
	if (!str_eq(verb, S("OK")) && !str_eq(verb, S("FAIL")) && !str_eq(verb, S("CONT")))
		return false; /* of a later version: to be ignored */
	if (answer(d, verb, line, act))
		return true;
	break_off(d, "sent a line that cannot be read");
	return false;
}

/* The lines that have come, until one of them is an act. */
static bool take_lines(struct dovecot *d, struct dovecot_act *act)
{
	bool found = false;

	while (!found && !d->broken) {
		str all = buf_str(&d->in);
		size_t end = str_find(all, '\n');

		if (end == all.n) {
			if (all.n > DOVECOT_LINE_MAX)
				break_off(d, "sent a line that is too long");
			return false;
		}
		found = take_line(d, str_first(all, end), act);
		buf_take(&d->in, end + 1);
		if (d->done && !d->ready_told)
			return false;
	}
	return found;
}

struct dovecot_act dovecot_next(struct dovecot *d)
{
	struct dovecot_act act = { .kind = DOVECOT_IDLE };

	if (d->told_octets > 0)
		OPENSSL_cleanse(d->out.p + d->out.start, d->told_octets);
	buf_take(&d->out, d->told_octets);
	d->told_octets = 0;
	if (d->ready_told || !d->done)
		if (take_lines(d, &act))
			return act;
	if (d->broken) {
		act = (struct dovecot_act){ .kind = DOVECOT_BROKEN, .why = &d->why };
	} else if (d->done && !d->ready_told) {
		d->ready_told = true;
		act.kind = DOVECOT_READY;
	} else if (buf_str(&d->out).n > 0) {
		act.kind = DOVECOT_SEND;
		act.bytes = buf_str(&d->out);
		d->told_octets = act.bytes.n;
	}
	return act;
}
