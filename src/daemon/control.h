/*
 * daemon/control - the socket by which the administrator asks and orders
 *
 * A unix socket that only its owner may open.  A request is one line, words separated by tabs, the
 * first "text" or "json".  The answer comes in portions: "+N" and N octets, each, and at the end
 * "=CODE", the exit code.  What is answered at once is one portion; a long answer is a talk
 * (admin/talk), in which the client may say more, too.
 */
#ifndef DAEMON_CONTROL_H
#define DAEMON_CONTROL_H

#include "admin/talk.h"
#include "base/buf.h"
#include "conf/conf.h"
#include "world/loop.h"

#define CONTROL_LINE_MAX 60000 /* of a request */
#define CONTROL_WORDS_MAX 1000
#define CONTROL_SILENCE_MS_MAX \
	30000                  /* a client that asks nothing, or reads nothing, is hung up on */
#define CONTROL_NAME "control" /* of the socket, in the run folder */

struct control;

/* Where it is, for a configuration. */
bool control_at(const struct conf *c, struct endpoint *at, struct fail *why) MUST_USE;

struct control_answers {
	/* Answer a request into out; the exit code is returned. */
	int (*request)(void *owner, const str *words, size_t count, bool json, struct buf *out);
	/* Take the request as a talk, if it is one: true, and it is answered by it. */
	bool (*talk)(void *owner, struct talk *t, const str *words, size_t count, bool json);
};

/* Serve on a descriptor of sock_bind. */
struct control *control_new(struct loop *l, int descriptor, const struct control_answers *answers,
	void *owner) MUST_USE;
void control_free(struct control *c);

#endif
