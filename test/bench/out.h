/*
 * bench/out - an outbound session: smtp/client on a socket
 */
#ifndef BENCH_OUT_H
#define BENCH_OUT_H

#include "base/buf.h"
#include "smtp/client.h"
#include "world/sock.h"

struct out;

struct out_calls {
	void (*ready)(struct out *out);   /* out_mail, out_quit, or neither and one of them later */
	str (*body)(struct out *out);     /* the next portion of the content */
	void (*results)(struct out *out); /* of the mail: smtp_client_results(out->machine) */
	void (*over)(
		struct out *out, const struct fail *trouble); /* gone: it may be opened again */
};

/* Part of the owner's structure. */
struct out {
	struct loop *loop;
	struct sock *sock;
	struct smtp_client *machine;
	struct buf rest; /* the beginning of a reply line */
	bool body_due;   /* the machine waits for content, and we for the socket */
	const struct out_calls *calls;
};

void out_open(struct out *out, struct loop *loop, const struct endpoint *to, const struct ip *from,
	const struct out_calls *calls);

/* Give it a mail, or end it.  act: when not called from out's own calls. */
void out_mail(struct out *out, const struct smtp_client_mail *mail, bool act);
void out_quit(struct out *out, bool act);

#endif
